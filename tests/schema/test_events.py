"""The timeline of a session."""

from datetime import timedelta

from tests.support.shop import Shop, code_of, moment, path_of
from tests.support.statements import statements_of

EVENT = "id kind at expiredTime reason apiKeyId"
PREVIEW = {"user-agent": "WhatsApp/2.24.1 A"}


async def test_a_timeline_lists_all_events_in_order(shop: Shop) -> None:
    """Each step is a minute or more after the one before."""
    session = await shop.create(expirationMinutes=30)
    id = session["id"]

    async def later(minutes: float = 2) -> None:
        await shop.turn_back(id, minutes)

    await later()
    assert (await shop.http.get(path_of(session), headers=PREVIEW)).status_code == 200
    await later()
    assert (await shop.http.get(path_of(session))).status_code == 303
    await later()
    await shop.change("joinSession", token=code_of(session))
    await later()
    await shop.change("extendToken", sessionId=id, minutes=10)
    await later(15)
    await shop.change("extendToken", sessionId=id, minutes=0)
    await later()
    await shop.change("revokeToken", sessionId=id, reason="lost phone")
    await later()
    reissued = (await shop.change("reissueToken", sessionId=id, minutes=60))["session"]
    await later()
    await shop.change("joinSession", token=code_of(reissued))
    await later()
    await shop.change("recordConversion", sessionId=id, kind="PURCHASE")
    await later(120)

    told = await shop.events(id, EVENT)
    api_key_id = await shop.api_key_id()
    assert [(event["kind"], event["reason"], event["apiKeyId"]) for event in told] == [
        ("ISSUED", None, api_key_id),
        ("PREVIEWED", None, None),
        ("OPENED", None, None),
        ("JOINED", None, api_key_id),
        ("EXTENDED", None, api_key_id),
        ("EXPIRED", None, None),
        ("EXTENDED", None, api_key_id),
        ("REVOKED", "lost phone", api_key_id),
        ("REISSUED", None, api_key_id),
        ("JOINED", None, api_key_id),
        ("CONVERTED", None, api_key_id),
        ("EXPIRED", None, None),
    ]
    times = [moment(event["at"]) for event in told]
    assert times == sorted(times)
    assert len({event["id"] for event in told}) == 12
    issued, extended, expired, endless, reissued_event, last = (told[n] for n in (0, 4, 5, 6, 8, 11))
    assert moment(issued["expiredTime"]) - moment(issued["at"]) == timedelta(minutes=30)
    assert expired["at"] == extended["expiredTime"]
    assert last["at"] == reissued_event["expiredTime"]
    assert endless["expiredTime"] is None
    kinds_of_issues = ("ISSUED", "EXTENDED", "REISSUED")
    assert all(event["expiredTime"] is None for event in told if event["kind"] not in kinds_of_issues)
    now = await shop.session(id)
    assert (issued["at"], last["at"]) == (now["dateCreated"], now["token"]["expiredTime"])


async def test_an_event_names_the_api_key_that_made_the_change(shop: Shop) -> None:
    office, storefront = await shop.with_scopes("sessions:write"), await shop.with_scopes("sessions:join")
    ids = [await each.api_key_id() for each in (office, storefront)]
    selection = "session { id token { link } }"
    session = await office.changed("createSession", selection, customer={"details": {"name": "Dewi"}})
    await storefront.change("joinSession", "session { id }", token=code_of(session))
    assert [event["apiKeyId"] for event in await shop.events(session["id"])] == ids


async def test_a_token_expires_at_its_expiration_time(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 29.9)
    assert await shop.event_kinds(session["id"]) == ["ISSUED"]
    await shop.turn_back(session["id"], 0.1)
    issued, expired = await shop.events(session["id"], EVENT)
    nothing = dict.fromkeys(("expiredTime", "reason", "apiKeyId"))
    assert expired == {"id": expired["id"], "kind": "EXPIRED", "at": issued["expiredTime"]} | nothing
    assert (await shop.events(session["id"], EVENT))[1] == expired


async def test_a_token_that_a_setting_ended_expired_when_the_setting_changed(shop: Shop) -> None:
    session = await shop.create(expirationMinutes=30)
    await shop.turn_back(session["id"], 20)
    await shop.change("updateStoreSettings", "store { id }", sessionExpiration=10, applyToActiveTokens=True)
    issued, extended, expired = await shop.events(session["id"])
    assert [issued["kind"], extended["kind"], expired["kind"]] == ["ISSUED", "EXTENDED", "EXPIRED"]
    assert moment(extended["expiredTime"]) - moment(issued["at"]) == timedelta(minutes=10)
    assert expired["at"] == extended["at"]
    await shop.turn_back(session["id"], 60)
    assert await shop.event_kinds(session["id"]) == ["ISSUED", "EXTENDED", "EXPIRED"]


async def test_an_empty_page_tells_whether_there_are_events(shop: Shop) -> None:
    session = await shop.create()
    document = "query ($id: ID!) { session(id: $id) { events(first: 0) { nodes { id } pageInfo { hasNextPage } } } }"
    page = (await shop.ask(document, id=session["id"]))["session"]["events"]
    assert page == {"nodes": [], "pageInfo": {"hasNextPage": True}}


async def test_the_timelines_of_fifty_sessions_are_one_statement(shop: Shop) -> None:
    for _ in range(50):
        session = await shop.create(expirationMinutes=5)
    await shop.change("joinSession", token=code_of(session))
    document = "{ sessions { nodes { events(first: 2) { nodes { kind } pageInfo { hasNextPage } } } } }"
    [newest, *others] = (await shop.ask(document))["sessions"]["nodes"]
    assert newest["events"] == {"nodes": [{"kind": "ISSUED"}, {"kind": "JOINED"}], "pageInfo": {"hasNextPage": False}}
    assert others == [{"events": {"nodes": [{"kind": "ISSUED"}], "pageInfo": {"hasNextPage": False}}}] * 49
    page, timelines = await statements_of(shop, document)
    assert "from session_event" not in page
    assert "from session_event" in timelines
