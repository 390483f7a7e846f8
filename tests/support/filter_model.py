"""The model of filters in Python."""

import re
import unicodedata
from collections import Counter
from datetime import datetime
from statistics import median
from typing import Any

from tests.support.rows import Row

# Letters that are folded to others, but are not accented or capital forms of them (PostgreSQL's unaccent.rules).
LETTERS = {"ß": "ss", "ẞ": "SS", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "đ": "d", "ı": "i"}
LETTERS |= {"’": "'"}

# The characters of which texts are made. The last line is what folding turns into other characters.
ALPHABET = (
    "aAeElLoOsSxX09 -.'\"%_\\?$1"
    "áàÁéÉñÜçßẞłŁøØæÆđıİ’"
    "ОоЛлЁёЙйΑαΆάΣσς王小明中مرحباآไกำน้"
    "😀👍🏽"
    "ＡａＳ９％＿＼\u3000ﬁ²①ｶﾞ㍿e\u0301\u0323"
)

# Names that are hard to compare.
NAMES = [
    "José Ñandú", "jose nandu", "JOSÉ", "Łukasz Groß", "lukasz gross", "Søren Æble", "Ольга Ёлкина", "ольга елкина",
    "Άλφα Σίσυφος", "王小明", "小明 王", "مرحبا", "آمال", "กำน้ำ", "😀👍🏽", "100%", "a_b", "a\\b", "50％＿", "x²①",
    "ＡＳ９", "ﬁne", "O'Neil \"x\"", "ｶﾞ㍿", "e\u0301\u0323l", "?1 $1", "İı’s", "aaa", "a a", "session_x",
]  # fmt: skip


def fold(text: str) -> str:
    """Accents and case ignored, as the SQL function `fold` does."""
    if text.isascii():
        return text.lower()[:200]
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", text))
    letters = "".join(LETTERS.get(letter, letter) for letter in unicodedata.normalize("NFKC", bare))
    return "".join(letter.lower() for letter in letters)[:200]  # letter by letter: a final sigma is like any other


def matches(filter: dict[str, Any] | None, row: Row) -> bool:
    """Whether a session matches. Null and absent conditions do not count."""
    return all(CONDITIONS[name](value, row) for name, value in (filter or {}).items() if value is not None)


def text_matches(filter: dict[str, Any], text: str | None) -> bool:
    """Whether there is a text and it matches."""
    return text is not None and all(COMPARISONS[name](fold(text), fold(term)) for name, term in given(filter))


def given(filter: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in filter.items() if value is not None]


COMPARISONS = {
    "equals": lambda text, term: text == term,
    "contains": lambda text, term: term in text,
    "startsWith": lambda text, term: text.startswith(term),
}


def found(search: str, row: Row) -> bool:
    """Whether each word is a part of a name, room or number, or six characters or more of an ID without its prefix."""
    texts = [fold(row["name"]), fold(row["room"] or ""), *map(fold, row["orders"])]
    id = row["id"].removeprefix("session_")
    return all(
        any(fold(word) in text for text in texts)
        or (len(word) >= 6 and fold(word) in id)
        or (fold(word).startswith("session_") and row["id"].startswith(fold(word)))
        for word in search.split()
    )


def in_range(range: dict[str, Any], moment: datetime | None) -> bool:
    """Whether there is a moment and it is in the range."""
    start, end = (datetime.fromisoformat(range[name]) if range.get(name) else None for name in ("from", "to"))
    return moment is not None and (start is None or start <= moment) and (end is None or moment < end)


def has(value: Any, part: Any) -> bool:
    """Whether JSON holds other JSON, as PostgreSQL's @> says."""
    if isinstance(part, dict):
        return isinstance(value, dict) and all(key in value and has(value[key], part[key]) for key in part)
    if isinstance(part, list):
        return isinstance(value, list) and all(any(has(item, wanted) for item in value) for wanted in part)
    return isinstance(value, bool) == isinstance(part, bool) and value == part


def any_order(filter: dict[str, Any], row: Row) -> bool:
    """Each of the comparisons holds for some order."""
    return all(any(text_matches({name: term}, number) for number in row["orders"]) for name, term in given(filter))


CONDITIONS: dict[str, Any] = {
    "search": found,
    "ids": lambda ids, row: row["id"] in ids,
    "customerId": lambda id, row: row["customer_id"] == id,
    "customerName": lambda filter, row: text_matches(filter, row["name"]),
    "orderNumber": any_order,
    "roomId": lambda filter, row: not given(filter) or text_matches(filter, row["room"]),
    "tokenStatus": lambda statuses, row: row["status"] in statuses,
    "converted": lambda yes, row: (row["converted_at"] is not None) == yes,
    "dateCreated": lambda range, row: in_range(range, row["created_at"]),
    "expiredTime": lambda range, row: in_range(range, row["expires_at"]),
    "metadata": lambda filter, row: has(row["metadata"], filter["contains"]),
    "and": lambda filters, row: all(matches(filter, row) for filter in filters),
    "or": lambda filters, row: any(matches(filter, row) for filter in filters),
    "not": lambda filter, row: not matches(filter, row),
}


def figures(rows: list[Row]) -> dict[str, Any]:
    """What sessionStats says of these sessions."""
    statuses = Counter(row["status"] for row in rows)
    waits = [(row["converted_at"] - row["created_at"]).total_seconds() for row in rows if row["converted_at"]]
    return {
        "total": len(rows),
        "active": statuses["ACTIVE"],
        "expired": statuses["EXPIRED"],
        "revoked": statuses["REVOKED"],
        "converted": len(waits),
        "conversionRate": len(waits) / len(rows) if rows else None,
        "medianSecondsToConversion": median(waits) if waits else None,
    }
