"""The model of the SQL function `fold`, which ignores case and accents."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from db.pool import Pool
from tests.support.filter_model import ALPHABET, NAMES, fold


@settings(max_examples=300)
@given(texts=st.lists(st.text(ALPHABET, max_size=12), min_size=20, max_size=20))
@example(texts=[*NAMES, ALPHABET, "ß" * 150])
async def test_the_model_folds_text_like_the_database(db: Pool, texts: list[str]) -> None:
    rows = await db.fetch("select fold(text) from unnest($1::text[]) with ordinality as t (text, n) order by n", texts)
    assert [row["fold"] for row in rows] == [fold(text) for text in texts]
