"""The cache of documents: each is parsed, validated and measured once, and its operations are compiled once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import strawberry
from cachetools import LRUCache
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode

from engine.compiled import CompiledOperation, Unsupported, compile_operation
from engine.cost import CostModel, Measure, Meter
from engine.execution import (
    InvalidOperation,
    choose_operation,
    interpret,
    parse_document,
    result_of,
    validate_document,
)

Variables: TypeAlias = Mapping[str, Any] | None

# The size of the cache, in tokens of its documents. A token takes 1 to 2 KB. The garbage collector visits all of
# them in about 60 ms, without a pause.
TOKENS = 20_000
# The least size of a document.
DOCUMENT_TOKENS = 20


class Document:
    """A parsed document. Raises InvalidOperation where it cannot be parsed."""

    def __init__(
        self, schema: strawberry.Schema, model: CostModel, text: str, *, introspection: bool, compiled: bool
    ) -> None:
        self.schema = schema
        self.model = model
        self.text = text
        self.hide_suggestions = not introspection
        self.compiled = compiled
        self.tree = parse_document(text)
        self._operations: dict[str | None, Operation] = {}

    def operation(self, name: str | None) -> "Operation":
        """The operation of that name, or the only one. Raises InvalidOperation."""
        if name not in self._operations:
            self._operations[name] = Operation(self, choose_operation(self.tree, name))
        return self._operations[name]


class Operation:
    """An operation of a document."""

    def __init__(self, document: Document, node: OperationDefinitionNode) -> None:
        self.node = node
        self._document = document
        self._meter = Meter(document.schema._schema, document.model, document.tree, node)

    def measure(self, variables: Variables) -> Measure:
        return self._meter.measure(variables or {})

    async def execute(self, variables: Variables, context: Any) -> tuple[ExecutionResult, str | None]:
        """Run it, and return the reason if graphql-core ran it instead of compiled functions. Its document is valid.

        Raises InvalidOperation.
        """
        document, reason = self._document, "off"
        try:
            if document.compiled:
                try:
                    result = await self._compiled.execute(
                        variables, context, hide_suggestions=document.hide_suggestions
                    )
                    return result_of(result), None
                except Unsupported as unsupported:
                    reason = unsupported.reason
            interpreted = interpret(
                document.schema._schema,
                document.tree,
                self.node,
                variables,
                context,
                hide_suggestions=document.hide_suggestions,
            )
            return result_of(interpreted if isinstance(interpreted, ExecutionResult) else await interpreted), reason
        except RecursionError:
            raise InvalidOperation("BAD_USER_INPUT", GraphQLError("The variables are nested too deeply.")) from None

    @cached_property
    def _compiled(self) -> CompiledOperation:
        name = self.node.name.value if self.node.name else None
        return compile_operation(self._document.schema, self._document.tree, name)


class DocumentCache:
    """The valid documents that were sent last."""

    def __init__(self, schema: strawberry.Schema, model: CostModel, *, introspection: bool, compiled: bool) -> None:
        self._schema = schema
        self._model = model
        self._introspection = introspection
        self._compiled = compiled
        self._documents: LRUCache[str, Document] = LRUCache(TOKENS, getsizeof=_size)

    def get(self, text: str) -> Document:
        """The document of a text, from the cache or new. Raises InvalidOperation where it cannot be parsed."""
        return self._documents.get(text) or Document(
            self._schema, self._model, text, introspection=self._introspection, compiled=self._compiled
        )

    def validate(self, document: Document) -> None:
        """Validate a document and keep it. Raises InvalidOperation."""
        if self._documents.get(document.text) is not document:
            validate_document(self._schema._schema, document.tree, introspection=self._introspection)
            self._documents[document.text] = document


def _size(document: Document) -> int:
    return DOCUMENT_TOKENS + (document.tree.token_count or 0)
