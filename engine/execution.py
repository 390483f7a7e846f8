"""The steps before an execution: parse the document, choose the operation, validate the document.

Each raises its own failure, so that callers can do something between the steps, such as measuring the cost.
"""

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

# With these limits, parsing and validating a document takes at most about 25 ms, and 20 to 25 µs per token.
TOKEN_LIMIT = 1_000
COMMENT_LIMIT = 1_000
ERROR_LIMIT = 5  # of a document, and of the variables

# Validation compares what is selected under the same name, pair by pair. graphql-core meters that, but its own budget
# lasts for most of a second. Twenty fragments on one object, all of them with the same fields, need most of this one.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 8_000


class InvalidOperation(Exception):
    """An operation that cannot be executed. `code` is the `extensions.code` of its errors."""

    def __init__(self, code: str, *errors: GraphQLError) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


def parse_document(text: str, token_limit: int = TOKEN_LIMIT) -> DocumentNode:
    """The document's syntax tree. Raises InvalidOperation."""
    try:
        return parse(text, max_lexical_tokens=token_limit, max_comments=COMMENT_LIMIT)
    except GraphQLError as error:
        raise InvalidOperation("GRAPHQL_PARSE_FAILED", error) from None
    except RecursionError:
        raise InvalidOperation("GRAPHQL_PARSE_FAILED", GraphQLError("The document is nested too deeply.")) from None


def choose_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation of that name, or the only one. Raises InvalidOperation."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None and len(operations) > 1:
        message = "The document has several operations: operationName is required."
    else:
        for operation in operations:
            if name is None or (operation.name and operation.name.value == name):
                return operation
        message = f"The document has no operation {name[:100]!r}." if name else "The document has no operation."
    raise InvalidOperation("OPERATION_RESOLUTION_FAILURE", GraphQLError(message))


def validate_document(schema: GraphQLSchema, document: DocumentNode, *, introspection: bool = True) -> None:
    """Check the document against the schema. Errors suggest no names of the schema where introspection is off.

    Raises InvalidOperation.
    """
    rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
    try:
        errors = validate(schema, document, rules, max_errors=ERROR_LIMIT)
    except RecursionError:
        errors = [GraphQLError("The document is nested too deeply.")]
    for error in errors:
        if error.message == "Validation aborted.":  # fields are compared in pairs, and there are too many
            error.message = "The document selects the same fields too many times: select each once."
        if not introspection:  # graphql-core, told to hide suggestions, still makes that of a selection
            error.message = error.message.partition(" Did you mean ")[0]
    if errors:
        raise InvalidOperation("GRAPHQL_VALIDATION_FAILED", *errors)
