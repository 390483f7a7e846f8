"""Operations: from what a request asks for to its answer, and what it costs on the way."""

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from graphql import OperationDefinitionNode, OperationType
from starlette.requests import Request

from api.documents.lookup import Documents
from api.documents.publishing import publish
from api.rate_limits import Rates, Throttled
from api.requests import Operation, RequestError
from api.responses import (
    Answer,
    Terms,
    executed,
    invalid_operation,
    refusal,
    refused_request,
    unauthenticated,
    unavailable,
)
from api.settings import Settings
from db.credentials import CredentialRow
from db.pool import Pool, Unavailable
from engine.cost import COST_LIMIT, TooCostly
from engine.documents import PreparedDocuments
from engine.execution import InvalidOperation
from schema import GRAPHQL_SCHEMA
from schema.context import Context, Throttle
from schema.cursors import Cursors
from schema.errors import Unauthenticated
from schema.links import Links
from schema.mutations.documents import DOCUMENTS_PER_REQUEST


@dataclass
class Cost:
    """What is known of an operation's cost by the time it is answered."""

    requested: int | None = None
    throttle: Throttle | None = None

    def extensions(self) -> dict[str, Any]:
        """The answer's `extensions`, if there is anything to say."""
        cost: dict[str, Any] = {}
        if self.requested is not None:
            cost |= {"requested": self.requested, "maximum": COST_LIMIT}
        if self.throttle:
            available, maximum, restore_rate = self.throttle
            cost["throttle"] = {"available": available, "maximum": maximum, "restoreRate": restore_rate}
        return {"extensions": {"cost": cost}} if cost else {}


class Operations:
    """Runs them: finds the document, lets its app pay, and executes it."""

    def __init__(self, settings: Settings, db: Pool, links: Links) -> None:
        self._db = db
        self._links = links
        self._cursors = Cursors(links.keys)
        self._documents = Documents(db)
        self._rates = Rates(db)
        self._introspection = settings.introspection
        self._publish_documents = partial(
            publish, db, GRAPHQL_SCHEMA, limit=DOCUMENTS_PER_REQUEST, introspection=settings.introspection
        )
        self._prepared = PreparedDocuments(
            GRAPHQL_SCHEMA, introspection=settings.introspection, compiled=settings.compiled_documents
        )

    async def answer(
        self, request: Request, operation: Operation, credential: CredentialRow | None, terms: Terms
    ) -> Answer:
        """An operation's answer, whether it can be executed or not: in a batch, the others have theirs."""
        cost = Cost()
        try:
            answer = await self._execute(request, operation, credential, terms, cost)
        except InvalidOperation as error:
            answer = invalid_operation(error, terms)
        except TooCostly as error:
            answer = refusal(400, str(error), error.code)
        except Throttled as error:
            cost.throttle = error.throttle
            answer = refusal(429, f"{error}.", "THROTTLED", {"Retry-After": str(error.retry_after_seconds)})
        except RequestError as error:
            answer = refused_request(error, terms)
        except Unauthenticated as error:
            answer = unauthenticated(error)
        except Unavailable as error:
            answer = unavailable(error)
        answer.body |= cost.extensions()
        return answer

    async def _execute(
        self, request: Request, operation: Operation, credential: CredentialRow | None, terms: Terms, cost: Cost
    ) -> Answer:
        facts = request.state.facts
        self._rates.check(credential)
        try:
            document = await self._documents.find(operation, credential)
            facts["document"] = document.id
            if credential:
                facts["published"] = document.is_published
            prepared = self._prepared.get(document.text)
            chosen = prepared.operation(operation.name)
            _refuse_transport(chosen.node, request.method)
            measured = chosen.measure(operation.variables)
            cost.requested = measured.cost
            facts["cost"] = facts.get("cost", 0) + measured.cost
            measured.check()
        except (RequestError, InvalidOperation, TooCostly):
            await self._rates.spend(credential, 1)
            raise
        cost.throttle = await self._rates.spend(credential, cost.requested or 0)
        self._prepared.validate(prepared)
        if credential and operation.query and operation.registers:
            self._documents.register(document, credential)
        facts["operation"] = chosen.node.name.value[:100] if chosen.node.name else None
        context = Context(
            db=self._db,
            links=self._links,
            cursors=self._cursors,
            credential=credential,
            publish_documents=self._publish_documents,
            throttle=cost.throttle,
            introspection=self._introspection,
        )
        result, interpreted = await self._prepared.execute(chosen, operation.variables, context)
        if interpreted:
            facts["interpreted"] = interpreted
        if context.refusals:
            facts["refusals"] = sorted(set(context.refusals))
        answer = executed(result, request.state.request_id)
        is_named = document.is_published or operation.document_id is not None
        if request.method == "GET" and is_named and not result.errors:
            _make_cacheable(answer)
        return answer


def _refuse_transport(operation: OperationDefinitionNode, method: str) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise RequestError(400, "Subscriptions are not served by plain requests, and there is no other transport yet.")
    if operation.operation is OperationType.MUTATION and method == "GET":
        raise RequestError(405, "A mutation must be sent by POST.", Allow="POST")


def _make_cacheable(answer: Answer) -> None:
    """Let a client keep the answer, and ask whether it is still true. What it cost is not part of what it says."""
    data = orjson.dumps(answer.body["data"])
    answer.body["data"] = orjson.Fragment(data)
    digest = hashlib.sha256(data).hexdigest()[:32]
    answer.headers |= {
        "ETag": f'W/"{digest}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }
