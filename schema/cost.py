"""The cost of the schema's fields, and the limits of an operation."""

from engine.cost import CostModel

PAGE_SIZE = 50
PAGE_SIZE_LIMIT = 100
IDS_LIMIT = 100
COUNT_LIMIT = 10_000
COUNT_LIMIT_MAXIMUM = 1_000_000

COST_MODEL = CostModel(
    prices={
        "Query.sessionStats": 100,  # reads every session that matches
        # Also reads the openings, once for all figures of the same sessions.
        "SessionStats.opened": 100,
        "PeriodStats.opened": 1,
        "Mutation.publishDocuments": 1_000,  # checks each document, which takes milliseconds
        "Mutation.redactCustomer": 100,  # updates every session of the customer
        "Session.metadata": 3,  # may have 8 KiB
        "PersistedDocument.body": 20,  # may have 64 KiB
        # Each may run a statement.
        "PageInfo.hasNextPage": 1,
        "PageInfo.hasPreviousPage": 1,
    },
    mutation_price=10,  # a transaction, which also writes an event
    list_size=3,
    list_sizes={"SessionStats.periods": 100},
    page_size=PAGE_SIZE,
    page_size_limit=PAGE_SIZE_LIMIT,
    ids_limit=IDS_LIMIT,
    count_type="Count",
    count_limit=COUNT_LIMIT,
    count_limit_maximum=COUNT_LIMIT_MAXIMUM,
    rows_counted=1_000,
)
