"""Whatever is typed into the search is answered, on both databases: words are data, never a query's syntax."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.model.searching import Question, Told, read_question
from digest.store.engine import Store
from digest.store.search import Search
from tests.builders import DAY, KEY, NOW

TYPED = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(["ferry", "strait", '"', "-", "*", "NEAR(", ")", "AND", "OR", "NOT", ":", "&", "|", "!", "<->",
                         "\\", "'", "%", "\x00", "\ud800", "港", "ميناء", "column:", "^", "{", "}"]),
        max_size=8,
    ).map(" ".join),
)  # fmt: skip


def test_any_words_are_answered(store: Store) -> None:
    search = Search(store)
    told = Told(
        digest="daily", day=DAY, story="a", section="foreign", section_title="Foreign Affairs",
        headline="Ferry of the strait", source="Calder Wire", url="https://read.example/a",
    )  # fmt: skip
    search.put(KEY, [told], now=NOW)

    @settings(
        max_examples=1_000 if os.environ.get("DIGEST_SOAK") == "1" else 60,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(typed=TYPED, source=st.text(max_size=8))
    def anything(typed: str, source: str) -> None:
        answer = search.find(Question(terms=read_question(typed), source=source))
        assert answer.total in (0, 1)
        assert len(answer.hits) == answer.total

    anything()
    assert search.find(Question(terms=read_question("ferry"))).total == 1
