"""The GraphQL schema: the table of contents of the API."""

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.apps import app, apps
from schema.audit import audit_log
from schema.customers import customer, customers
from schema.defaults import leave_null_defaults_out
from schema.mutations.api_keys import create_api_key, revoke_api_key
from schema.mutations.apps import create_app, update_app
from schema.mutations.customers import redact_customer, update_customer
from schema.mutations.documents import publish_documents, retire_document
from schema.mutations.orders import record_order
from schema.mutations.payloads import mutation
from schema.mutations.sessions import create_session, record_conversion
from schema.mutations.stores import update_store_settings
from schema.mutations.tokens import extend_token, join_session, reissue_token, revoke_token
from schema.mutations.users import block_user, unblock_user
from schema.nodes import node, nodes
from schema.orders import order
from schema.scalars import SCALARS
from schema.sessions import session, sessions
from schema.stats import session_stats
from schema.stores import store
from schema.viewer import viewer

field = strawberry.field


@strawberry.type(description="Queries. All data belongs to your store: the store of the credential that you send.")
class Query:
    viewer = field(viewer, description="The API key or user that authenticated the request.")
    store = field(store, description="Your store and its settings.")
    session = field(session, description="Get a session by ID. Null if your store has no such session.")
    sessions = field(sessions, description="Search sessions. Sorted newest first by default.")
    customer = field(customer, description="Get a customer by ID. Null if your store has no such customer.")
    customers = field(customers, description="Search customers. Sorted newest first.")
    order = field(order, description="Get an order by number. Null if your store has no such order.")
    session_stats = field(session_stats, description="Statistics of the sessions that match a filter.")
    app = field(app, description="Get an app by ID. Null if your store has no such app.")
    apps = field(apps, description="List the apps of your store, newest first.")
    audit_log = field(audit_log, description="The audit log of your store: who changed what. Sorted newest first.")
    node = field(node, description="Get an object by ID. Null if your store has no such object.")
    nodes = field(nodes, description="Get objects by ID, in the given order. Null for objects that do not exist.")


@strawberry.type(description="Mutations. If a mutation is refused, `userErrors` in the payload contains the reasons.")
class Mutation:
    create_session = mutation(create_session, "Create a session and issue its token.")
    extend_token = mutation(extend_token, "Set a new expiration time. An expired token becomes active again.")
    reissue_token = mutation(reissue_token, "Replace a session's token. The previous link stops working.")
    revoke_token = mutation(revoke_token, "Revoke a session's token. Idempotent.")
    join_session = mutation(join_session, "Admit the customer to the session of a link. For storefronts.")
    record_order = mutation(record_order, "Create an order, or update the order with the same number.")
    record_conversion = mutation(record_conversion, "Record a conversion. A session can convert only once.")
    update_customer = mutation(update_customer, "Update a customer. Omitted fields do not change.")
    redact_customer = mutation(
        redact_customer,
        "Remove the personal data of a customer and of all their sessions permanently, and revoke their active tokens. "
        "Statistics do not change. Idempotent. If it is interrupted, repeat it. Requires the scope `admin`.",
    )
    update_store_settings = mutation(update_store_settings, "Update the store. Omitted fields do not change.")
    create_app = mutation(create_app, "Create an app. Use `createApiKey` to create a key for it.")
    update_app = mutation(update_app, "Update, disable or enable an app. Omitted fields do not change.")
    create_api_key = mutation(create_api_key, "Create an API key. Its secret is returned only once.")
    revoke_api_key = mutation(revoke_api_key, "Revoke an API key permanently. Idempotent.")
    block_user = mutation(
        block_user,
        "Refuse the access tokens of a user. Idempotent. API keys that the user created keep working. To find them, "
        "query `auditLog` with the filter `{userId: …, actions: [API_KEY_CREATED]}`: each `objectId` is the ID of a "
        "key, to be revoked with `revokeApiKey`.",
    )
    unblock_user = mutation(unblock_user, "Accept the access tokens of a user again. Idempotent.")
    publish_documents = mutation(publish_documents, "Publish persisted documents of an app.")
    retire_document = mutation(retire_document, "Retire a persisted document: refuse its ID. Idempotent.")


class Schema(strawberry.Schema):
    """A schema that logs no errors: Strawberry would log the whole document, including any tokens in it."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        pass


schema = Schema(query=Query, mutation=Mutation, config=StrawberryConfig(scalar_map=SCALARS))
leave_null_defaults_out(schema)

# The graphql-core schema, for validation and execution.
GRAPHQL_SCHEMA = schema._schema
