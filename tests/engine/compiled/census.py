"""What the compared operations had in them, so that a test of agreement cannot come to test nothing."""

from collections import Counter
from typing import Any

from tests.engine.compiled.agreement import Answer

# The least percentage of executions that must have had each: a fraction of what they have, as examples come in swarms.
SHARES = {
    "data": 50,
    "clean": 15,
    "clean and large": 2,
    "errors": 20,
    "several errors": 3,
    "errors in lists": 1.5,
    "errors far down": 0.3,
    "nulls passed on": 0.3,
    "refused variables": 0.2,
    "loaders": 0.3,
    "mutations": 4,
    "variables": 40,
    "aliases": 40,
    "directives": 40,
    "inline fragments": 30,
    "named fragments": 30,
    "several operations": 1,
}
UNSUPPORTED = 10
ENOUGH = 25


class Census(Counter[str]):
    """How many of the executions had what."""

    def note(self, document: str, answer: Answer, calls: list[tuple[Any, ...]]) -> None:
        data, errors = answer
        paths = [error.path for error in errors if error.path]
        facts = {
            "compared": True,
            "data": data not in ("None", "{}"),
            "clean": not errors,
            "clean and large": not errors and len(data) > 300,
            "errors": bool(errors),
            "several errors": len(errors) > 1,
            "errors in lists": any(isinstance(key, int) for path in paths for key in path),
            "errors far down": any(len(path) > 4 for path in paths),
            "nulls passed on": bool(paths) and (data == "None" or len(errors) > data.count("None")),
            "refused variables": bool(errors) and not paths,
            "loaders": any(call[0] == "load" for call in calls),
            "mutations": "mutation" in document,
            "variables": "$" in document,
            "aliases": " a: " in document or " b: " in document,
            "directives": "@skip" in document and "@include" in document,
            "inline fragments": "... on" in document,
            "named fragments": "fragment F" in document,
            "several operations": "Operation1" in document,
        }
        self.update(fact for fact, true in facts.items() if true)

    def share(self, fact: str) -> float:
        return 100 * self[fact] / max(self["compared"], 1)

    def check(self) -> None:
        """Fail where there was too little of something."""
        for fact, count in self.most_common():
            print(f"{count:7} {self.share(fact):5.1f} % {fact}")
        assert self.share("unsupported") < UNSUPPORTED
        # What is rare shows in long runs alone.
        expected = {fact: least for fact, least in SHARES.items() if least * self["compared"] / 100 >= ENOUGH}
        assert {fact: self.share(fact) for fact, least in expected.items() if self.share(fact) < least} == {}
