"""The public conformance suite of GraphQL over HTTP, run against the server."""

from tests.support.javascript import run


async def test_the_server_passes_every_audit_of_graphql_over_http(base_url: str) -> None:
    audits = await run("audits.mjs", ENDPOINT=f"{base_url}/graphql")

    failed = [audit for audit in audits if audit["status"] != "ok"]
    assert not failed, "\n".join(
        f"{audit['id']} {audit['name']}: {audit['reason']}, it is {audit['answered']}" for audit in failed
    )
    assert len(audits) == 61
