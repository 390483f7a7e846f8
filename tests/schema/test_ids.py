"""TypeIDs."""

import re
from typing import get_args
from uuid import UUID

from hypothesis import assume, example, given
from hypothesis import strategies as st
from typeid.codecs import base32

from db.ids import Noun, new_id, noun_of

# Crockford's base32, small: no i, l, o, u (https://github.com/jetify-com/typeid/tree/main/spec).
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

nouns = st.sampled_from(get_args(Noun))
suffixes = st.builds(str.__add__, st.sampled_from("01234567"), st.text(DIGITS, min_size=25, max_size=25))
ids = st.builds("{}_{}".format, nouns, suffixes)


@given(nouns)
def test_a_new_id_is_its_noun_and_a_uuid_of_version_7_in_base32(noun: Noun) -> None:
    id = new_id(noun)
    assert re.fullmatch(f"{noun}_[0-7][{DIGITS}]{{25}}", id)
    assert noun_of(id) == noun
    uuid = UUID(bytes=base32.decode(id.removeprefix(f"{noun}_")))
    assert (uuid.version, uuid.variant) == (7, "specified in RFC 4122")


def test_ids_sort_by_the_time_of_generation() -> None:
    made = [new_id("session") for _ in range(10_000)]
    assert sorted(made) == made
    assert len(set(made)) == len(made)


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_the_text_of_ids_sorts_like_their_bytes(one: bytes, other: bytes) -> None:
    assert (base32.encode(one) < base32.encode(other)) == (one < other)
    assert base32.decode(base32.encode(one)) == one


@given(nouns, suffixes)
def test_any_well_formed_id_names_its_noun(noun: str, suffix: str) -> None:
    assert noun_of(f"{noun}_{suffix}") == noun


@given(st.text(st.characters()))
@example("session_" + "0" * 25 + "\ud800")
@example("session_" + "٠" * 26)
@example("\ud800_01h455vb4pex5vsknk084sn02q")
@example("session__01h455vb4pex5vsknk084sn02q")
@example("_01h455vb4pex5vsknk084sn02q")
@example("session_01h455vb4pex5vsknk084sn02q\n")
@example("session_01h455vb4pex5vsknk084sn02q\0")
@example("_" * 1000)
@example("s" * 1_000_000)
def test_a_text_that_is_not_an_id_has_no_noun(text: str) -> None:
    assume(not re.fullmatch(f"([a-z]([a-z_]{{0,61}}[a-z])?_)?[0-7][{DIGITS}]{{25}}", text))
    assert noun_of(text) is None


@given(ids, st.data())
def test_an_id_with_a_character_outside_of_base32_is_malformed(id: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(len(id) - 26, len(id) - 1))
    wrong = data.draw(st.characters().filter(lambda character: character not in DIGITS))
    assert noun_of(id[:place] + wrong + id[place + 1 :]) is None


@given(ids, st.data())
def test_a_truncated_or_extended_id_is_malformed(id: str, data: st.DataObject) -> None:
    assert noun_of(id[: data.draw(st.integers(0, len(id) - 1))]) is None
    assert noun_of(id + data.draw(st.text(st.characters(), min_size=1))) is None


@given(ids)
def test_an_upper_case_id_is_malformed(id: str) -> None:
    noun, _, suffix = id.partition("_")
    assert noun_of(id.upper()) is None
    assert noun_of(f"{noun.upper()}_{suffix}") is None
    assert noun_of(f"{noun}_{suffix.upper()}") in ([noun] if suffix.isdecimal() else [None])


@given(nouns, suffixes, st.sampled_from("89abcdefghjkmnpqrstvwxyz"))
def test_an_id_of_more_than_128_bits_is_malformed(noun: str, suffix: str, first: str) -> None:
    assert noun_of(f"{noun}_{first}{suffix[1:]}") is None
