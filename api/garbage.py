"""Garbage collection in short steps: each stops the event loop.

Almost all objects are freed without it. Cycles are left by errors, and by the validation of a document: about 3,000
objects. The time of a collection depends on the number of objects that were created since the last one, garbage or not.
"""

import gc

# The number of new objects after which Python collects garbage itself. 1,000 connections create 60,000.
THRESHOLD = 100_000
# The number of new objects after which the garbage of documents is collected, which takes 10 ms.
DOCUMENT_OBJECTS = 10_000
# After this number of collections, all objects are scanned: also those of documents that were cached for a while.
COLLECTIONS = 50


def collect_garbage_rarely() -> None:
    """Exclude the objects that are loaded by now, whose scan takes a tenth of a second, and scan others rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(THRESHOLD, 5, 5)


class DocumentGarbage:
    """Collects the garbage of documents in small amounts: 100,000 objects would take 140 ms."""

    def __init__(self) -> None:
        self._collections = 0

    def collect(self) -> None:
        """Collect the garbage if there may be much. To be called after a document was parsed or validated."""
        if gc.get_count()[0] >= DOCUMENT_OBJECTS:
            self._collections += 1
            gc.collect(1 if self._collections % COLLECTIONS else 2)
