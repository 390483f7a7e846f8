"""Remove the default value null, which Strawberry declares for each optional argument and input field.

It means the same as no default value and makes the schema harder to read.
"""

import strawberry
from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType
from graphql.pyutils import Undefined


def leave_null_defaults_out(schema: strawberry.Schema) -> None:
    for type in schema._schema.type_map.values():
        inputs: list[GraphQLArgument | GraphQLInputField] = []
        if isinstance(type, GraphQLInputObjectType):
            inputs += type.fields.values()
        if isinstance(type, GraphQLObjectType | GraphQLInterfaceType):
            inputs += [argument for field in type.fields.values() for argument in field.args.values()]
        for input in inputs:
            if input.default_value is None:
                input.default_value = Undefined
