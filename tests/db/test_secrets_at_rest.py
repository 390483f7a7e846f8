"""The files of the database do not contain the codes of links, nor anything from which they can be read."""

import subprocess
from pathlib import Path

from typeid.codecs import base32

import embedded
from db.migrate import migrate
from schema.links import ID_LENGTH
from tests.conftest import settings_for, shop_at
from tests.support.shop import code_of, path_of


def forms_of(code: str) -> dict[str, bytes]:
    """The secret part of a code, in each form in which it could be stored."""
    mac = base32.decode(code[ID_LENGTH:])
    return {"text": code[ID_LENGTH:].encode(), "bytes": mac, "hex": mac.hex().encode()}


def dump_of(server: embedded.Server) -> bytes:
    command = [embedded.bin_folder() / "pg_dump", "--inserts", server.url()]
    return subprocess.run(command, check=True, capture_output=True).stdout


def files_in(folder: Path) -> dict[str, bytes]:
    """The contents of all files: the tables, the write-ahead log, and the log of Postgres."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def places_of(secret: bytes, contents: dict[str, bytes]) -> list[str]:
    return [place for place, content in contents.items() if secret in content]


async def test_no_code_is_in_a_dump_or_in_the_files_of_the_database(folder: Path) -> None:
    with embedded.start(folder, durable=False) as server:
        await migrate(server.url())
        async with shop_at(settings_for(server.url())) as shop:
            codes = []
            for number in range(20):
                session = await shop.create(f"Customer {number}", orderNumber=f"order-{number}")
                codes.append(code_of(session))
                assert (await shop.http.get(path_of(session))).status_code == 303
                await shop.changed("joinSession", token=codes[-1])
                reissued = await shop.changed("reissueToken", sessionId=session["id"])
                codes.append(code_of(reissued))
            # A search for a link, and a refused code, which errors could quote.
            await shop.found(search=codes[0])
            assert await shop.refusals("joinSession", token=codes[0])
        dump = dump_of(server)
    assert dump.count(b"INSERT INTO public.session ") == 20
    contents = files_in(folder) | {"dump": dump}
    # The search finds what is stored, also in the write-ahead log.
    places = places_of(b"Customer 19", contents)
    assert "dump" in places
    assert any("pg_wal" in place for place in places)
    found = [
        (form, place)
        for code in codes
        for form, secret in forms_of(code).items()
        for place in places_of(secret, contents)
    ]
    assert found == []
