"""The cache of documents: each is parsed, validated and measured once, and its operations are compiled once."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

import strawberry
from cachetools import LRUCache
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, execute
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from engine.compiled import CompiledOperation, Unsupported, compile_operation
from engine.cost import CostModel, Meter, document_cost
from engine.execution import (
    ERROR_LIMIT,
    TOKEN_LIMIT,
    InvalidOperation,
    choose_operation,
    parse_document,
    validate_document,
)

Variables: TypeAlias = Mapping[str, Any] | None

# The size of the cache, in tokens of its documents. A token takes 1 to 2 KB. The garbage collector visits all of
# them in about 60 ms, without a pause.
TOKENS = 20_000
# The minimum size of a document.
DOCUMENT_TOKENS = 20


class Document:
    """A parsed document. Raises InvalidOperation where it cannot be parsed."""

    def __init__(self, cache: "DocumentCache", text: str) -> None:
        self.cache = cache
        self.text = text
        self.tree = parse_document(text, cache.token_limit)
        self._operations: dict[str | None, Operation] = {}

    @property
    def is_valid(self) -> bool:
        """Whether it was validated and is cached."""
        return self.cache.has(self)

    def operation(self, name: str | None) -> "Operation":
        """The operation of that name, or the only one. Raises InvalidOperation."""
        if name not in self._operations:
            self._operations[name] = Operation(self, choose_operation(self.tree, name))
        return self._operations[name]


class Operation:
    """An operation of a document."""

    def __init__(self, document: Document, node: OperationDefinitionNode) -> None:
        self.node = node
        self._name = node.name.value if node.name else None
        self._document = document
        self._cache = document.cache
        self.measure = Meter(self._cache.schema._schema, self._cache.model, document.tree, node).measure

    async def execute(self, variables: Variables, context: Any) -> tuple[ExecutionResult, str | None]:
        """Run it, and return the reason if graphql-core ran it instead of compiled functions. Its document is valid.

        Raises InvalidOperation.
        """
        reason, hide_suggestions = None if self._cache.compiled else "off", not self._cache.introspection
        try:
            if reason is None:
                try:
                    result = await self._compiled.execute(variables, context, hide_suggestions=hide_suggestions)
                except Unsupported as unsupported:
                    reason = unsupported.reason
            if reason is not None:
                result = await self._interpret(variables, context, hide_suggestions)
        except RecursionError:
            raise InvalidOperation("BAD_USER_INPUT", GraphQLError("The variables are nested too deeply.")) from None
        if result.errors and all(error.path is None for error in result.errors):  # it did not begin
            raise InvalidOperation("BAD_USER_INPUT", *result.errors)
        return result, reason

    async def _interpret(self, variables: Variables, context: Any, hide_suggestions: bool) -> ExecutionResult:
        """Execute it with graphql-core."""
        result = execute(
            self._cache.schema._schema,
            self._document.tree,
            variable_values=dict(variables or {}),
            operation_name=self._name,
            context_value=context,
            executor_class=StrawberryGraphQLCoreExecutionContext,
            is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
            max_coercion_errors=ERROR_LIMIT,
            hide_suggestions=hide_suggestions,
        )
        return result if isinstance(result, ExecutionResult) else await result

    @cached_property
    def _compiled(self) -> CompiledOperation:
        return compile_operation(self._cache.schema, self._document.tree, self._name)


class DocumentCache:
    """The valid documents that were sent last.

    `tokens` is the size of the cache, `token_limit` that of a document.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        model: CostModel,
        *,
        introspection: bool,
        compiled: bool,
        tokens: int = TOKENS,
        token_limit: int = TOKEN_LIMIT,
    ) -> None:
        self.schema = schema
        self.model = model
        self.introspection = introspection
        self.compiled = compiled
        self.token_limit = token_limit
        self._documents: LRUCache[str, Document] = LRUCache(
            tokens, getsizeof=lambda document: DOCUMENT_TOKENS + (document.tree.token_count or 0)
        )

    def price(self, text: str) -> int:
        """The cost of parsing and validating a document, in addition to its operation: 0 if it is cached."""
        return 0 if text in self._documents else document_cost(text, self.token_limit)

    def get(self, text: str) -> Document:
        """The document of a text, from the cache or new. Raises InvalidOperation where it cannot be parsed."""
        return self._documents.get(text) or Document(self, text)

    def has(self, document: Document) -> bool:
        return self._documents.get(document.text) is document

    def validate(self, document: Document) -> None:
        """Validate a document and keep it. Raises InvalidOperation."""
        if not self.has(document):
            validate_document(self.schema._schema, document.tree, introspection=self.introspection)
            self._documents[document.text] = document
