"""Garbage of documents is collected before there is much of it."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from api.garbage import COLLECTIONS, DOCUMENT_OBJECTS, DocumentGarbage


class Node:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def no_automatic_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_much_garbage_is_collected_and_little_is_left() -> None:
    garbage, left = DocumentGarbage(), ref(Node())
    garbage.collect()
    assert left()
    nodes = [ref(Node()) for _ in range(DOCUMENT_OBJECTS)]
    garbage.collect()
    assert not left()
    assert not any(node() for node in nodes)


def test_garbage_that_was_in_use_for_a_while_is_collected_as_well() -> None:
    garbage, cached = DocumentGarbage(), Node()
    left = ref(cached)
    for number in range(COLLECTIONS):
        [Node() for _ in range(DOCUMENT_OBJECTS)]
        if number == COLLECTIONS - 1:
            assert left()
            del cached
        garbage.collect()
    assert not left()
