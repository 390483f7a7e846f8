"""Customers: changing them, finding them, and their sessions."""

from typing import Any

import pytest

from tests.support.shop import NewShop, Shop
from tests.support.statements import statements_of

FIELDS = "{ id name phone email externalId }"
DETAILS = {"name": "Dewi Lestari", "phone": "+6281234567890", "email": "dewi@shop.example", "externalId": "crm-1"}

PHONE = "must be a phone number in international form, such as +62 812 3456 7890, got "
EMAIL = "must be an email address, such as name@shop.example, got "


async def dewi(shop: Shop) -> Any:
    return await shop.create(customer={"details": DETAILS})


async def update(shop: Shop, customer: Any, **input: Any) -> Any:
    return await shop.changed("updateCustomer", f"customer {FIELDS}", id=customer["id"], **input)


async def found(shop: Shop, **filter: Any) -> list[str]:
    """The names of the customers who match."""
    query = "query ($filter: CustomerFilter) { customers(filter: $filter) { nodes { name } } }"
    return [node["name"] for node in (await shop.ask(query, filter=filter))["customers"]["nodes"]]


async def by_name(shop: Shop) -> list[str]:
    """The IDs of the sessions in ascending order of the customers' names."""
    query = "{ sessions(orderBy: { field: CUSTOMER_NAME, direction: ASC }) { nodes { id } } }"
    return [node["id"] for node in (await shop.ask(query))["sessions"]["nodes"]]


@pytest.mark.parametrize(
    "change",
    [
        *({"name": "Dewi Anggraini"}, {"phone": "+6281111111111"}, {"email": "anggraini@shop.example"}),
        *({"phone": None}, {"email": None}, {}),
        {"name": "王小明", "phone": None, "email": "w@shop.example"},
    ],
)
async def test_given_fields_are_updated_and_null_removes_a_field(shop: Shop, change: dict[str, Any]) -> None:
    session = await dewi(shop)
    updated = await update(shop, session["customer"], **change)
    assert updated == session["customer"] | change
    assert (await shop.session(session["id"])) == session | {"customer": updated}
    document = f"query ($id: ID!) {{ customer(id: $id) {FIELDS} }}"
    assert await shop.ask(document, id=updated["id"]) == {"customer": updated}


async def test_a_name_cannot_be_removed(shop: Shop) -> None:
    session = await dewi(shop)
    assert await update(shop, session["customer"], name=None) == session["customer"]


async def test_a_new_name_is_shown_everywhere(shop: Shop) -> None:
    first = await dewi(shop)
    second = await shop.create(customer={"id": first["customer"]["id"]})
    middle = await shop.create("Murti")
    namesake = await shop.create("Dewi Lestari")
    assert await by_name(shop) == [first["id"], second["id"], namesake["id"], middle["id"]]

    await update(shop, first["customer"], name="Zoë Ünal")

    both = [first["id"], second["id"]]
    for id in both:
        assert (await shop.session(id))["customer"]["name"] == "Zoë Ünal"
    assert await by_name(shop) == [namesake["id"], middle["id"], *both]
    for filter in ({"search": "unal"}, {"customerName": {"equals": "zoe unal"}}):
        assert await shop.found(**filter) == both[::-1], filter
    for filter in ({"search": "lestari"}, {"customerName": {"equals": "Dewi Lestari"}}):
        assert await shop.found(**filter) == [namesake["id"]], filter
    assert await found(shop, name={"contains": "ünal"}) == ["Zoë Ünal"]
    assert await found(shop, name={"contains": "lestari"}) == ["Dewi Lestari"]


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("phone", "+62 812-3456-7890", "+6281234567890"),
        ("phone", " +62 (812) 3456.7890 ", "+6281234567890"),
        ("phone", "+٦٢ ٨١٢ ٣٤٥٦ ٧٨٩٠", "+6281234567890"),
        ("phone", "＋62 812 3456 7890", "+6281234567890"),
        ("phone", "tel:+62-812-3456-7890", "+6281234567890"),
        ("phone", "+1 212 555 0100", "+12125550100"),
        ("email", "dewi@SHOP.Example", "dewi@shop.example"),
        ("email", "Dewi.L+x@shop.example", "Dewi.L+x@shop.example"),
        ("email", "δεσποινα@παράδειγμα.example", "δεσποινα@παράδειγμα.example"),
        ("email", "dewi@xn--hxajbheg2az3al.example", "dewi@παράδειγμα.example"),
    ],
)
async def test_phone_numbers_and_email_addresses_are_normalized(shop: Shop, field: str, given: str, kept: str) -> None:
    session = await shop.create()
    assert (await update(shop, session["customer"], **{field: given}))[field] == kept
    assert await found(shop, **{field: kept}) == ["Dewi Lestari"]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("phone", text)
        for text in ("", "0812 3456 7890", "+", "+62", "+999 123456", "dewi", "+62 812\0", "1" * 200, "💬")
    ]
    + [("email", text) for text in ("", "dewi", "dewi@", "@shop.example", "a b@shop.example", "a@b@c.example")]
    + [("email", text) for text in ("a\0@shop.example", "x" * 400)],
)
async def test_an_invalid_phone_number_or_email_address_is_refused(shop: Shop, field: str, given: str) -> None:
    session = await dewi(shop)
    [(path, code, message)] = await shop.refusals("updateCustomer", id=session["customer"]["id"], **{field: given})
    assert (path, code) == (field, "INVALID")
    assert message.startswith(PHONE if field == "phone" else EMAIL)
    assert await shop.session(session["id"]) == session


async def test_all_user_errors_are_returned_at_once_and_nothing_changes(shop: Shop) -> None:
    session = await dewi(shop)
    assert await shop.refusals("updateCustomer", id="42", name="", phone="1", email="dewi") == [
        ("id", "INVALID", "must look like customer_01h455vb4pex5vsknk084sn02q, got '42'"),
        ("name", "INVALID", "must be 1 to 200 characters long, got 0"),
        ("phone", "INVALID", PHONE + "'1'"),
        ("email", "INVALID", EMAIL + "'dewi'"),
    ]
    assert await shop.refusals("updateCustomer", id=session["customer"]["id"], name="Budi", email="dewi") == [
        ("email", "INVALID", EMAIL + "'dewi'")
    ]
    assert await shop.session(session["id"]) == session


async def test_customers_are_found_by_every_field(shop: Shop, new_shop: NewShop) -> None:
    await dewi(await new_shop())
    await shop.create(customer={"details": DETAILS | {"name": "Änne Dewi", "externalId": "crm-2", "phone": None}})
    await dewi(shop)
    await shop.create("Budi 100%")
    everybody = ["Budi 100%", "Dewi Lestari", "Änne Dewi"]
    for filter, names in (
        ({}, everybody),
        ({"name": None, "phone": None, "email": None, "externalId": None}, everybody),
        ({"name": {"contains": "dewi"}}, ["Dewi Lestari", "Änne Dewi"]),
        ({"name": {"contains": "%"}}, ["Budi 100%"]),
        ({"phone": "+6281234567890"}, ["Dewi Lestari"]),
        ({"phone": "+628123456789"}, []),
        ({"email": "dewi@shop.example"}, ["Dewi Lestari", "Änne Dewi"]),
        ({"externalId": "crm-2"}, ["Änne Dewi"]),
    ):
        assert await found(shop, **filter) == names, filter


async def test_sessions_of_many_customers_are_loaded_in_one_statement(shop: Shop) -> None:
    expected = []
    for number in range(6):
        first = await shop.create(f"Dewi {number}", roomId="a")
        rooms = [first["roomId"]]
        for room in range(number % 3):
            await shop.create(customer={"id": first["customer"]["id"]}, roomId=f"b{room}")
            rooms.insert(0, f"b{room}")
        nodes = [{"roomId": room} for room in rooms[:2]]
        expected.insert(0, {"sessions": {"nodes": nodes, "count": {"value": len(rooms)}}})
    assert expected[3]["sessions"]["count"]["value"] == 3
    document = "{ customers { nodes { sessions(first: 2) { nodes { roomId } count { value } } } } }"
    assert await shop.ask(document) == {"customers": {"nodes": expected}}
    customers, *others = await statements_of(shop, document)
    assert "from customer" in customers
    assert sorted("count" in statement for statement in others) == [False, True]


async def test_the_customer_loader_adds_one_statement(shop: Shop) -> None:
    for _ in range(3):
        await shop.create()
    assert len(await statements_of(shop, "{ sessions { nodes { customer { id name } } } }")) == 1
    assert len(await statements_of(shop, "{ sessions { nodes { customer { name phone email externalId } } } }")) == 2
    assert len(await statements_of(shop, "{ customers { nodes { name phone email externalId } } }")) == 1
