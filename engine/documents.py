"""Documents that were sent before: what was found out about them is kept, and their operations are compiled."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any, TypeAlias

from cachetools import LRUCache
from graphql import DocumentNode, ExecutionResult, GraphQLSchema, OperationDefinitionNode

from engine.compiled import CompiledOperation, Unsupported
from engine.cost import Measure, Meter
from engine.execution import (
    choose_operation,
    execute_compiled,
    execute_operation,
    parse_document,
    validate_document,
)
from schema.context import Context

Variables: TypeAlias = Mapping[str, Any] | None

# Tokens of all documents that are kept. Each takes 1 to 2 KB, in objects through which the garbage collector walks
# without a pause, in about 60 ms in all.
TOKENS = 20_000
# What a document takes however short it is.
DOCUMENT_TOKENS = 20


class PreparedOperation:
    """An operation of a document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.node = node
        self._schema = schema
        self._document = document
        self._meter = Meter(schema, document, node)

    def measure(self, variables: Variables) -> Measure:
        return self._meter.measure(variables or {})

    async def execute(self, variables: Variables, context: Context) -> ExecutionResult:
        """Let graphql-core run it. Raises InvalidOperation."""
        return await execute_operation(self._schema, self._document, self.node, variables, context)

    async def execute_compiled(self, variables: Variables, context: Context) -> ExecutionResult:
        """Run it compiled. Raises InvalidOperation, and Unsupported where graphql-core is to run it."""
        return await execute_compiled(self._compiled, variables, context)

    @cached_property
    def _compiled(self) -> CompiledOperation:
        """Of a document that is valid: it is first asked for when it is run."""
        return CompiledOperation(self._schema, self._document, self.node)


class PreparedDocument:
    """A document that could be parsed."""

    def __init__(self, schema: GraphQLSchema, text: str) -> None:
        self.text = text
        self.tree = parse_document(text)
        self._schema = schema
        self._operations: dict[str | None, PreparedOperation] = {}

    def operation(self, name: str | None) -> PreparedOperation:
        """The operation of that name, or the only one. Raises InvalidOperation."""
        if name not in self._operations:
            self._operations[name] = PreparedOperation(self._schema, self.tree, choose_operation(self.tree, name))
        return self._operations[name]


class PreparedDocuments:
    """The documents that were sent last. Those that are kept are valid."""

    def __init__(self, schema: GraphQLSchema, *, introspection: bool, compiled: bool) -> None:
        self.interpreted: Counter[str] = Counter()
        """How often graphql-core ran an operation, and why."""
        self._schema = schema
        self._introspection = introspection
        self._compiled = compiled
        self._documents: LRUCache[str, PreparedDocument] = LRUCache(TOKENS, getsizeof=_size)

    def get(self, text: str) -> PreparedDocument:
        """Raises InvalidOperation where it cannot be parsed."""
        return self._documents.get(text) or PreparedDocument(self._schema, text)

    def validate(self, document: PreparedDocument) -> None:
        """Keep it, if it is valid. Raises InvalidOperation."""
        if self._documents.get(document.text) is not document:
            validate_document(self._schema, document.tree, introspection=self._introspection)
            self._documents[document.text] = document

    async def execute(
        self, operation: PreparedOperation, variables: Variables, context: Context
    ) -> tuple[ExecutionResult, str | None]:
        """Run an operation of a valid document, and say why graphql-core did, if it did. Raises InvalidOperation."""
        reason = "off"
        if self._compiled:
            try:
                return await operation.execute_compiled(variables, context), None
            except Unsupported as unsupported:
                reason = unsupported.reason
        self.interpreted[reason] += 1
        return await operation.execute(variables, context), reason


def _size(document: PreparedDocument) -> int:
    return DOCUMENT_TOKENS + (document.tree.token_count or 0)
