"""What the fields of the menagerie may be, and what they had better not be."""

import datetime
import decimal
import math
import uuid
from enum import Enum
from typing import Any

import orjson
import strawberry
from graphql import Undefined


class Unlike(Enum):
    """An enum of which the schema knows nothing."""

    RED = "red"


DAY = datetime.date(2026, 2, 28)
SCALARS: dict[str, list[Any]] = {
    "String": ["", "Dewi", "王小明", '"\n', "1905692", 7, True],
    "Int": [0, 1, -1, 2**31 - 1, 7.0, "12", True],
    "Float": [0.0, -1.5, 3, 1e300, "2.5", False],
    "Boolean": [True, False, 0, 1, 2.0],
    "ID": ["a", "", 12, "王"],
    "DateTime": [datetime.datetime(2026, 2, 28, 12, 30, tzinfo=datetime.UTC), datetime.datetime(1, 1, 1)],
    "Date": [DAY, datetime.date.max],
    "Time": [datetime.time(23, 59, 59), datetime.time(1, 2, 3, 4)],
    "Decimal": [decimal.Decimal("1.10"), decimal.Decimal("-0"), decimal.Decimal("1E+3")],
    "UUID": [uuid.UUID(int=7)],
    "JSON": [{}, {"b": [1, None, {"a": "é"}], "a": 1.5}, [], "text", 0, False],
    "Weight": [0.5, 1.0, 12],
    "Moment": [orjson.Fragment(b'"2026-02-28T12:30:00+00:00"'), "2026-02-28"],
}

# What is of the right class, or looks like it.
NEAR: dict[str, list[Any]] = {
    "String": [["a"], {"a": 1}, b"a", 1.0],
    "Int": [2**31, -(2**31) - 1, 1.5, "1.5", math.nan],
    "Float": [math.nan, math.inf, -math.inf, 10**400, "nan"],
    "Boolean": ["true", math.nan, None],
    "ID": [1.5, True, uuid.UUID(int=1)],
    "Colour": ["RED", "VERDANT", "g", Unlike.RED, ["red"]],
    "Size": [2, True, "SMALL", 0.0],
    "Weight": [-1, None, "1"],
    "DateTime": [DAY, "2026-02-28"],
}

WRONG: list[Any] = [
    "a text", "RED", "", 2**31, -(2**70), math.nan, -math.inf, 0.1, True, 0, b"bytes", {}, {"id": 1}, [], ["x"], (),
    Undefined, strawberry.UNSET, Unlike.RED, decimal.Decimal("NaN"), DAY, range(2), frozenset({1}), type, len,
]  # fmt: skip
