"""The codes in token links: only the genuine one is accepted."""

import hashlib
import hmac
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from typeid.codecs import base32

from schema.links import Links, session_id_of
from schema.signing_keys import SigningKeys

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
BOTH = SigningKeys({"k2": b"2" * 32, "k1": b"1" * 32})


class Row(dict[str, Any]):
    """The columns of a session that links need."""

    __getattr__ = dict.__getitem__

    def _replace(self, **values: Any) -> "Row":
        return Row(self | values)


@dataclass(frozen=True)
class Issued:
    """A session of a store, and the links of its server."""

    store_id: str
    session: Row
    links: Links

    @property
    def code(self) -> str:
        code = self.links.code(self.store_id, self.session)
        assert code is not None
        return code

    def accepts(self, code: str) -> bool:
        """Find the session that the code names, then compare, as links and joinSession do."""
        return session_id_of(code) == self.session.id and self.links.is_genuine(self.store_id, self.session, code)


def session_of(id: str, key: str = "k2", generation: int = 1) -> Row:
    return Row(id=id, token_key=key, token_generation=generation)


def id_of(noun: str, uuid: bytes) -> str:
    return f"{noun}_{base32.encode(uuid)}"


uuids = st.binary(min_size=16, max_size=16)
generations = st.integers(1, 2**31 - 1)
secrets = st.binary(min_size=32, max_size=32).filter(any)  # HMAC treats an empty key like one of zeros
issued = st.builds(
    lambda store, session, key, generation, k1, k2: Issued(
        id_of("store", store),
        session_of(id_of("session", session), key, generation),
        Links("https://links.example/s", SigningKeys({"k2": k2, "k1": k1})),
    ),
    uuids,
    uuids,
    st.sampled_from(["k1", "k2"]),
    generations,
    secrets,
    secrets,
)


@given(issued)
def test_the_genuine_code_is_accepted(issued: Issued) -> None:
    assert issued.accepts(issued.code)


@given(issued)
def test_a_code_is_the_sessions_id_and_a_mac_of_128_bits(issued: Issued) -> None:
    """HMAC-SHA256 over store, session and generation, by the key that the row names."""
    message = f"link\n{issued.store_id}\n{issued.session.id}\n{issued.session.token_generation}".encode()
    mac = hmac.digest(issued.links.keys.secrets[issued.session.token_key], message, hashlib.sha256)[:16]
    assert len(mac) * 8 == 128
    assert issued.code == issued.session.id.removeprefix("session_") + base32.encode(mac)


@settings(max_examples=20)
@given(issued)
def test_no_code_with_one_character_changed_is_accepted(issued: Issued) -> None:
    genuine = issued.code
    tampered = [
        genuine[:place] + digit + genuine[place + 1 :]
        for place, digit in product(range(len(genuine)), DIGITS)
        if digit != genuine[place]
    ]
    assert len(tampered) == 52 * 31
    assert [code for code in tampered if issued.accepts(code)] == []


@given(issued, st.data())
def test_no_code_with_any_bits_changed_is_accepted(issued: Issued, data: st.DataObject) -> None:
    genuine = issued.code
    id, mac = genuine[:26], int.from_bytes(base32.decode(genuine[26:]), "big")
    for flip in data.draw(st.lists(st.integers(1, 2**128 - 1), min_size=100, max_size=100)):
        assert not issued.accepts(id + base32.encode((mac ^ flip).to_bytes(16, "big")))


@given(issued, st.characters())
def test_no_code_with_any_other_character_in_it_is_accepted(issued: Issued, character: str) -> None:
    genuine = issued.code
    for place, own in enumerate(genuine):
        code = genuine[:place] + character + genuine[place + 1 :]
        assert issued.accepts(code) == (character == own)


@given(issued, st.text(st.characters(), min_size=1))
def test_no_code_that_is_cut_or_goes_on_is_accepted(issued: Issued, more: str) -> None:
    genuine = issued.code
    for length in range(len(genuine)):
        assert not issued.accepts(genuine[:length])
        assert not issued.accepts(genuine[length + 1 :])
        assert not issued.accepts(genuine[:length] + more + genuine[length:])
    assert not issued.accepts(genuine + more)


@given(issued, st.integers(0, 2**52 - 1))
def test_no_code_in_other_case_is_accepted(issued: Issued, capitals: int) -> None:
    changed = "".join(
        character.upper() if capitals >> place & 1 else character for place, character in enumerate(issued.code)
    )
    assert issued.accepts(changed) == (changed == issued.code)
    assert not issued.accepts(issued.code.upper()) or issued.code.isdecimal()


@given(issued, uuids, uuids, generations, st.dictionaries(st.sampled_from(["k1", "k2"]), secrets, min_size=2))
def test_no_code_of_another_store_session_generation_or_server_is_accepted(
    issued: Issued, store: bytes, uuid: bytes, generation: int, keys: dict[str, bytes]
) -> None:
    """Even if both stores have a session with the same ID, and both servers have keys with the same names."""
    session = issued.session
    of_store = replace(issued, store_id=id_of("store", store))
    of_session = replace(issued, session=session._replace(id=id_of("session", uuid)))
    of_generation = replace(issued, session=session._replace(token_generation=generation))
    of_server = replace(issued, links=Links("https://links.example/s", SigningKeys(keys)))
    assert issued.accepts(of_store.code) == (of_store.store_id == issued.store_id)
    is_same_session = of_session.session.id == session.id
    assert issued.accepts(of_session.code) == issued.accepts(issued.code[:26] + of_session.code[26:]) == is_same_session
    assert issued.accepts(of_generation.code) == (generation == session.token_generation)
    is_same_key = keys[session.token_key] == issued.links.keys.secrets[session.token_key]
    assert issued.accepts(of_server.code) == is_same_key


@given(uuids, uuids)
def test_each_key_accepts_its_own_sessions_alone(store: bytes, uuid: bytes) -> None:
    links = Links("https://links.example/s", BOTH)
    by_k1, by_k2 = (
        Issued(id_of("store", store), session_of(id_of("session", uuid), key), links) for key in ("k1", "k2")
    )
    assert by_k1.accepts(by_k1.code)
    assert by_k2.accepts(by_k2.code)
    assert not by_k1.accepts(by_k2.code)
    assert not by_k2.accepts(by_k1.code)


@given(uuids, uuids)
def test_a_retired_key_has_no_code_and_accepts_none(store: bytes, uuid: bytes) -> None:
    before = Issued(id_of("store", store), session_of(id_of("session", uuid), "k1"), Links("https://a.example", BOTH))
    after = Links("https://a.example", SigningKeys({"k2": BOTH.secrets["k2"]}))
    assert after.code(before.store_id, before.session) is None
    assert not after.is_genuine(before.store_id, before.session, before.code)


@given(issued)
def test_a_code_has_no_secret_that_the_database_holds(issued: Issued) -> None:
    """Except for the public ID, no part of it is in the row, and no hash of the row yields it."""
    mac, row = issued.code[26:], "\n".join(map(str, issued.session))
    assert [mac[place : place + 8] for place in range(19) if mac[place : place + 8] in row] == []
    message = f"link\n{issued.store_id}\n{issued.session.id}\n{issued.session.token_generation}".encode()
    for key in (b"", issued.store_id.encode(), issued.session.id.encode(), issued.session.token_key.encode()):
        assert base32.encode(hmac.digest(key, message, hashlib.sha256)[:16]) != mac
    assert base32.encode(hashlib.sha256(message).digest()[:16]) != mac


@given(st.text(st.characters(), max_size=60))
@example("\ud800" * 52)
@example("é" * 52)
@example("0" * 52)
@example("_" * 52)
@example("z" * 52)
@example("\0" * 52)
@example("٠" * 52)
@example("x" * 1_000_000)
def test_any_text_is_read_without_raising(text: str) -> None:
    id = session_id_of(text)
    assert id is None or (len(text) == 52 and id == f"session_{text[:26]}")
