"""The schema: the table of contents of what clients can ask and change."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.apps import app, apps
from schema.customers import customer, customers
from schema.defaults import leave_null_defaults_out
from schema.mutations.api_keys import create_api_key, revoke_api_key
from schema.mutations.apps import create_app, update_app
from schema.mutations.conversions import record_conversion
from schema.mutations.customers import update_customer
from schema.mutations.documents import publish_documents, retire_document
from schema.mutations.orders import record_order
from schema.mutations.sessions import create_session
from schema.mutations.stores import update_store_settings
from schema.mutations.tokens import extend_token, join_session, reissue_token, revoke_token
from schema.nodes import node, nodes
from schema.orders import order
from schema.scalars import SCALARS
from schema.sessions import session, sessions
from schema.stats import session_stats
from schema.stores import store
from schema.viewer import viewer

field = strawberry.field


@strawberry.type(description="What can be asked. Everything is of the store that your credential belongs to.")
class Query:
    viewer = field(viewer, description="Who asks.")
    store = field(store, description="Your store, with its settings.")
    session = field(session, description="A session by its ID.")
    sessions = field(sessions, description="The sessions that match, the newest first unless ordered.")
    customer = field(customer, description="A customer by their ID.")
    customers = field(customers, description="The customers who match, the newest first.")
    order = field(order, description="An order by its number.")
    session_stats = field(session_stats, description="Figures of the sessions that match.")
    app = field(app, description="An app by its ID.")
    apps = field(apps, description="The apps of your store, the newest first.")
    node = field(node, description="Anything by its ID.")
    nodes = field(nodes, description="Several things by their IDs, in that order; null: your store has no such thing.")


@strawberry.type(
    description="Mutations. A refused mutation is not a GraphQL error: see the `userErrors` of its payload."
)
class Mutation:
    create_session = field(create_session, description="Create a session and its token.")
    extend_token = field(
        extend_token, description="Change when a token expires. An expired token becomes active again."
    )
    reissue_token = field(
        reissue_token, description="Replace a token, whatever its status. The old link stops working."
    )
    revoke_token = field(revoke_token, description="Revoke a token, so that its link stops working. Idempotent.")
    join_session = field(join_session, description="Let the customer who has a link join. Called by storefronts.")
    record_order = field(record_order, description="Create the order with a number, or update it.")
    record_conversion = field(record_conversion, description="Record the conversion of a session. The first is kept.")
    update_customer = field(update_customer, description="Update the given fields of a customer.")
    update_store_settings = field(update_store_settings, description="Update the given settings of the store.")
    create_app = field(create_app, description="Create an app. Create an API key for it next.")
    update_app = field(update_app, description="Update, disable or enable an app.")
    create_api_key = field(create_api_key, description="Create an API key. Its secret is shown once.")
    revoke_api_key = field(revoke_api_key, description="Revoke an API key permanently. Idempotent.")
    publish_documents = field(publish_documents, description="Publish the documents in the manifest of an app.")
    retire_document = field(
        retire_document, description="Retire a document, so that its app can no longer send it. Idempotent."
    )


class Schema(strawberry.Schema):
    """The schema, silent: Strawberry would log a failing document whole, and with it the tokens written in it."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        pass


schema = Schema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS))
leave_null_defaults_out(schema)

# What graphql-core validates by and executes.
GRAPHQL_SCHEMA = schema._schema
