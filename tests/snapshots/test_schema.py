"""schema/schema.graphql: what clients see."""

from schema.root import schema
from tests.snapshots.conftest import ROOT, Compare


def test_the_schema_is_as_committed(compare: Compare) -> None:
    compare(ROOT / "schema" / "schema.graphql", schema.as_str() + "\n")
