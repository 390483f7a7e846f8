"""Creating sessions."""

import re
from typing import Any

import pytest

from tests.support.shop import MINUTES, ORDER_OF_ANOTHER, NewShop, Shop, minutes_of

COUNT = "{ sessions { count { value } } customers { count { value } } }"


async def counts(shop: Shop) -> tuple[int, int]:
    """How many sessions and customers there are."""
    answer = await shop.ask(COUNT)
    return answer["sessions"]["count"]["value"], answer["customers"]["count"]["value"]


async def test_a_session_is_created_with_every_field(shop: Shop) -> None:
    details = {"name": "  Ольга Петрова ", "phone": "+62 812-3456-7890", "email": "olga@SHOP.example"}
    metadata = {"channel": "whatsapp", "tags": ["vip", None, 1.5, 2**53 + 1, 1e300, {"ключ": True}]}
    given = {"roomId": " 1905692 ", "orderNumber": "QSH7K2", "expirationMinutes": 45, "metadata": metadata}
    session = await shop.create(customer={"details": {**details, "externalId": "crm-7"}}, **given)
    created = session["dateCreated"]
    assert re.fullmatch(r"session_[0-9a-hjkmnp-tv-z]{26}", session["id"])
    assert re.fullmatch(r"customer_[0-9a-hjkmnp-tv-z]{26}", session["customer"]["id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00", created)
    link = rf"http://links\.example/s/{shop.slug}/{session['id'].removeprefix('session_')}[0-9a-hjkmnp-tv-z]{{26}}"
    assert re.fullmatch(link, session["token"]["link"])
    assert minutes_of(session["token"]) == 45
    assert session == {
        "id": session["id"],
        "active": True,
        "dateCreated": created,
        "roomId": "1905692",
        "metadata": metadata,
        "customer": {
            "id": session["customer"]["id"],
            "name": "Ольга Петрова",
            "phone": "+6281234567890",
            "email": "olga@shop.example",
            "externalId": "crm-7",
        },
        "token": {
            "link": session["token"]["link"],
            "status": "ACTIVE",
            "issuedAt": created,
            "expiredTime": session["token"]["expiredTime"],
            "revokedAt": None,
        },
        "conversion": None,
        "orders": [{"number": "QSH7K2"}],
    }
    assert await shop.session(session["id"]) == session


async def test_a_session_needs_only_the_name_of_a_customer(shop: Shop) -> None:
    session = await shop.create("王小明")
    nothing = dict.fromkeys(("phone", "email", "externalId"))
    assert session["customer"] == {"id": session["customer"]["id"], "name": "王小明"} | nothing
    assert (session["roomId"], session["metadata"], session["orders"]) == (None, {}, [])


async def test_a_session_of_an_existing_customer_does_not_change_them(shop: Shop) -> None:
    details = {"name": "Dewi", "phone": "+6281234567890", "email": "d@shop.example", "externalId": "crm-1"}
    first = await shop.create(customer={"details": details})
    by_id = await shop.create(customer={"id": first["customer"]["id"]})
    by_external_id = await shop.create(customer={"externalId": "crm-1"})
    assert by_id["customer"] == by_external_id["customer"] == first["customer"]
    assert len({first["id"], by_id["id"], by_external_id["id"]}) == 3
    assert await counts(shop) == (3, 1)


async def test_details_without_an_external_id_create_a_customer(shop: Shop) -> None:
    first, second = await shop.create("Dewi"), await shop.create("Dewi")
    assert first["customer"]["id"] != second["customer"]["id"]
    assert await counts(shop) == (2, 2)


async def test_details_with_a_known_external_id_update_the_customer(shop: Shop) -> None:
    dewi = {"name": "Dewi", "phone": "+6281234567890", "externalId": "crm-1"}
    first = await shop.create(customer={"details": dewi})
    other = await shop.create(customer={"details": {"name": "Dewi", "externalId": "crm-2"}})
    changed = {"name": "Dewi Lestari", "email": "dewi@shop.example", "externalId": "crm-1"}
    second = await shop.create(customer={"details": changed})
    updated = dewi | changed | {"id": first["customer"]["id"]}
    assert second["customer"] == updated
    assert (await shop.session(first["id"]))["customer"] == updated
    assert (await shop.session(other["id"]))["customer"] == other["customer"]
    assert await shop.found(search="lestari") == [second["id"], first["id"]]


@pytest.mark.parametrize("customer", [{}, {"id": None}, {"externalId": "crm-1", "details": {"name": "Dewi"}}])
async def test_the_customer_of_a_session_needs_exactly_one_field(shop: Shop, customer: dict[str, Any]) -> None:
    document = "mutation ($input: CreateSessionInput!) { createSession(input: $input) { session { id } } }"
    response = await shop.post(document, input={"customer": customer})
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (400, "BAD_USER_INPUT")
    assert await counts(shop) == (0, 0)


async def test_an_unknown_order_is_created(shop: Shop, new_shop: NewShop) -> None:
    await (await new_shop()).create(orderNumber="QSH7K2")
    session = await shop.create(orderNumber="QSH7K2")
    order = await shop.order("QSH7K2", "number total { amount } placedAt session { id orders { number } }")
    of_session = {"id": session["id"], "orders": [{"number": "QSH7K2"}]}
    assert order == {"number": "QSH7K2", "total": None, "placedAt": None, "session": of_session}


async def test_an_order_without_a_session_is_assigned_to_the_session(shop: Shop) -> None:
    id = "order_01h455vb4pex5vsknk084sn02q"
    await shop.db.fetch(
        """insert into "order" (store_id, id, number, total_amount, total_currency)
        values ($1, $2, 'QSH7K2', 12.5, 'IDR')""",
        *(shop.id, id),
    )
    session = await shop.create(orderNumber="QSH7K2")
    order = await shop.order("QSH7K2", "id total { amount currency } session { id }")
    assert order == {"id": id, "total": {"amount": "12.50", "currency": "IDR"}, "session": {"id": session["id"]}}


async def test_an_order_of_another_session_is_refused_and_nothing_is_created(shop: Shop) -> None:
    await shop.create(orderNumber="QSH7K2")
    assert await shop.refusals("createSession", customer={"details": {"name": "Budi"}}, orderNumber="QSH7K2") == [
        ("orderNumber", *ORDER_OF_ANOTHER)
    ]
    assert await counts(shop) == (1, 1)


@pytest.mark.parametrize(("given", "minutes"), [(0, None), (1, 1), (1440, 1440), (None, 30)])
async def test_the_token_expires_after_the_given_minutes_or_those_of_the_store(
    shop: Shop, given: int | None, minutes: int | None
) -> None:
    session = await shop.create(expirationMinutes=given)
    assert (minutes_of(session["token"]), session["active"]) == (minutes, True)


async def test_the_token_never_expires_if_the_store_disabled_expiry(shop: Shop) -> None:
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=0)
    assert minutes_of((await shop.create())["token"]) is None
    assert minutes_of((await shop.create(expirationMinutes=5))["token"]) == 5


LENGTH = "must be 1 to {} characters long, got {}"
LINE = "must be one line of Unicode text, got "
METADATA = "Metadata must be a JSON object whose texts are Unicode without NUL and whose numbers fit in 64 bits, got "
CUSTOMER = "must look like customer_01h455vb4pex5vsknk084sn02q, got "
PHONE = "must be a phone number in international form, such as +62 812 3456 7890, got '0812 3456 7890'"
EMAIL = "must be an email address, such as name@shop.example, got 'dewi@'"
SESSION = "session_01h455vb4pex5vsknk084sn02q"
DEWI = {"details": {"name": "Dewi"}}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        *(("expirationMinutes", minutes, f"{MINUTES}{minutes}") for minutes in (-1, 1441)),
        ("roomId", "", LENGTH.format(100, 0)),
        ("roomId", "\u3000 ", LENGTH.format(100, 0)),
        ("roomId", "1" * 101, LENGTH.format(100, 101)),
        ("orderNumber", " ", LENGTH.format(100, 0)),
        ("orderNumber", "A\nB", LINE + r"'A\nB'"),
        ("orderNumber", "A\0", LINE + r"'A\x00'"),
        ("idempotencyKey", "", LENGTH.format(100, 0)),
        ("customer.id", "", CUSTOMER + "''"),
        ("customer.id", SESSION, f"{CUSTOMER}'{SESSION}'"),
        ("customer.externalId", "", LENGTH.format(100, 0)),
        ("customer.details.name", "\t", LENGTH.format(200, 0)),
        ("customer.details.name", "名" * 201, LENGTH.format(200, 201)),
        ("customer.details.phone", "0812 3456 7890", PHONE),
        ("customer.details.email", "dewi@", EMAIL),
        ("customer.details.externalId", "", LENGTH.format(100, 0)),
        ("metadata", ["a"], METADATA + "['a']."),
        ("metadata", "a", METADATA + "'a'."),
        ("metadata", {"a": "\0"}, METADATA + r"{'a': '\x00'}."),
        *(
            ("metadata", {"note": n}, "must be at most 8192 bytes long as JSON, got 8193")
            for n in ("x" * 8182, "é" * 4091)
        ),
    ],
)
async def test_invalid_input_is_refused_with_the_path_of_the_field(
    shop: Shop, field: str, value: Any, message: str
) -> None:
    first, *path = field.split(".")
    if path == ["id"] or path == ["externalId"]:
        value = {path[0]: value}
    elif path:
        value = {"details": DEWI["details"] | {path[1]: value}}
    assert await shop.refusals("createSession", **{"customer": DEWI} | {first: value}) == [(field, "INVALID", message)]
    assert await counts(shop) == (0, 0)


async def test_texts_and_metadata_of_the_maximum_length_are_stored(shop: Shop) -> None:
    texts = {"roomId": "r" * 100, "orderNumber": "é" * 100, "idempotencyKey": "k" * 100}
    metadata = {"note": "x" * 8181}
    session = await shop.create("名" * 200, **texts, metadata=metadata)
    assert session["customer"]["name"] == "名" * 200
    assert (session["roomId"], session["orders"]) == ("r" * 100, [{"number": "é" * 100}])
    assert session["metadata"] == metadata


async def test_all_user_errors_are_returned_at_once(shop: Shop) -> None:
    details = {"name": "", "phone": "1", "email": "dewi", "externalId": "x" * 101}
    wrong = {"roomId": "", "orderNumber": "", "expirationMinutes": 1441, "metadata": [], "idempotencyKey": ""}
    refusals = await shop.refusals("createSession", customer={"details": details}, **wrong)
    fields = [*(f"customer.details.{field}" for field in details), *wrong]
    assert sorted((field, code) for field, code, _ in refusals) == [(field, "INVALID") for field in sorted(fields)]
    assert await counts(shop) == (0, 0)
