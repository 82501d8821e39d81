"""Search in the store, on both databases: what is found, in which order, and that it stays in step with the archive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from digest.model.editions import Edit, EditionState
from digest.model.mail import EditionKey
from digest.model.searching import Question, Told, read_question
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.search import Search
from tests.builders import DAY, KEY, NOW, approved

YESTERDAY = DAY - timedelta(days=1)


def told(name: str, **changes: Any) -> Told:
    values: dict[str, Any] = {
        "digest": "daily", "day": DAY, "story": name, "section": "foreign", "section_title": "Foreign Affairs",
        "headline": f"Headline of {name}", "source": "Calder Wire", "url": f"https://read.example/{name}",
    }  # fmt: skip
    return Told(**{**values, **changes})


STORIES = (
    told("strait", headline="Two rival coasts agree to share the pilots of the Oru Strait", kicker="Oru Strait",
         teaser="Velmora and Kestria will put mixed crews on every pilot boat from January."),
    told("ferries", headline="Night ferries return to Ōrua", teaser="The pilots waited for them.", byline="Tessaly Brandt"),
    told("arabic", headline="خبراء يناقشون الميناء الجديد", source="نشرة الساحل", language="ar"),
    told("japanese", headline="汐見港の一日", teaser="通信は港から始まる", source="汐見通信", language="ja"),
    told("korean", headline="항구의 하루", section="trade", section_title="Trade", language="ko"),
    told("german", headline="Größere Fähren für die Straße von Oru", language="de", section="trade", section_title="Trade"),
    told("thai", headline="ท่าเรือแห่งใหม่", language="th"),
)  # fmt: skip


@pytest.fixture
def search(store: Store) -> Search:
    made = Search(store)
    made.put(KEY, STORIES, now=NOW)
    old = [
        told(
            "older", day=YESTERDAY, headline="The pilots of the strait, a year on", section="trade", source="Tarn Radio"
        )
    ]
    made.put(EditionKey("daily", YESTERDAY), old, now=NOW)
    made.put(EditionKey("weekly", DAY), [told("strait", digest="weekly", headline="Pilots shared")], now=NOW)
    return made


def found(search: Search, words: str, **filters: Any) -> list[str]:
    answer = search.find(Question(terms=read_question(words), **filters))
    assert answer.total == len(answer.hits)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    return [hit.told.story for hit in answer.hits]


WORDS: tuple[tuple[str, set[str]], ...] = (
    ("ferry", {"ferries"}), ("FERRIES", {"ferries"}), ("orua", {"ferries"}), ("Ōrua", {"ferries"}),
    ("oru strait", {"strait"}), ("strait oru velmora", {"strait"}), ("brandt", {"ferries"}),
    ("ميناء", {"arabic"}), ("الميناء", {"arabic"}), ("المِيناء", {"arabic"}), ("الساحل", {"arabic"}),
    ("汐見", {"japanese"}), ("港", {"japanese"}), ("汐見通信", {"japanese"}), ("見港", {"japanese"}), ("見通信港", set()),
    ("항구", {"korean"}), ("strasse", {"german"}), ("STRAßE", {"german"}), ("fähre", {"german"}), ("fahren", {"german"}),
    ("ท่าเรือ", {"thai"}), ("ferr", {"ferries"}), ("ferr night", set()), ("tarn", {"older"}), ("nowhere", set()),
    ('"pilot boat"', {"strait"}), ('"boat pilot"', set()), ("pilots -coasts -shared -year", {"ferries"}),
    ("-pilots", set()), ("", set()), ('"', set()), ("' OR 1=1 --", set()), ('pilots") OR (x', set()), ("& | ! :*", set()),
)  # fmt: skip


def test_words_of_any_language_find_their_stories(search: Search) -> None:
    assert [(words, set(found(search, words))) for words, _ in WORDS] == list(WORDS)


def test_filters_by_section_source_digest_and_days(search: Search) -> None:
    assert set(found(search, "pilots")) == {"strait", "ferries", "older"}
    assert found(search, "pilots", section="trade") == ["older"]
    assert found(search, "pilots", source="tarn radio") == ["older"]
    assert found(search, "pilots", source="Tarn") == []
    assert found(search, "pilots", digest="weekly") == ["strait"]
    assert set(found(search, "pilots", since=DAY)) == {"strait", "ferries"}
    assert found(search, "pilots", until=YESTERDAY) == ["older"]
    assert found(search, "pilots", until=YESTERDAY - timedelta(days=1)) == []
    assert found(search, "pilots", section="trade", source="Tarn Radio", since=YESTERDAY, until=DAY) == ["older"]


def test_a_word_of_the_headline_counts_more_than_one_of_the_teaser(search: Search) -> None:
    assert found(search, "pilots", digest="daily", since=DAY) == ["strait", "ferries"]


def test_pages_of_an_answer(search: Search) -> None:
    question = Question(terms=read_question("pilots"))
    whole = search.find(question)
    assert (whole.total, len(whole.hits)) == (4, 4)
    parts = [search.find(question, limit=3), search.find(question, limit=3, offset=3)]
    assert [part.total for part in parts] == [4, 4]
    assert parts[0].hits + parts[1].hits == whole.hits


def test_the_newest_of_very_many_are_ranked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.store.search_index.RANKED", 5)
    search, days = Search(store), [DAY - timedelta(days=back) for back in range(9)]
    for day in days:
        search.put(EditionKey("daily", day), [told(day.isoformat(), day=day, headline="Wheat again")], now=NOW)
    answer = search.find(Question(terms=read_question("wheat")))
    assert answer.total == 9
    assert [hit.told.day for hit in answer.hits] == days[:5]


def test_an_edition_is_replaced_and_taken_out(search: Search) -> None:
    search.put(KEY, [told("corrected", headline="Three coasts agree")], now=NOW)
    assert found(search, "coasts") == ["corrected"]
    assert found(search, "ferries") == []
    search.put(KEY, [], now=NOW)
    assert found(search, "coasts") == []
    assert found(search, "pilots", digest="daily") == ["older"]


def test_what_is_like_a_story(search: Search) -> None:
    like = [each.story for each in search.like(["pilot", "coast", "strait"], [], limit=2)]
    assert like == ["strait", "older"] or like[0] in ("strait", "older")
    assert [each.story for each in search.like([], ["ferries"])] == ["ferries"]
    assert search.like([], []) == ()
    assert {each.story for each in search.like(["pilot"], [], before=DAY)} == {"older"}
    assert {each.day for each in search.like(["pilot"], [], before=DAY)} == {YESTERDAY}


def listed(store: Store, day: date = DAY) -> EditionKey:
    approved(store, [], day=day)
    key, editions = KEY._replace(day=day), Editions(store)
    for step in ("published", "listed"):
        editions.mark(key, step, now=NOW)
    return key


def test_it_knows_what_is_due_and_what_is_gone(store: Store) -> None:
    search, key, editions = Search(store), listed(store), Editions(store)
    listed(store, DAY + timedelta(days=1))
    assert [each.day for each in search.due()] == [DAY, DAY + timedelta(days=1)]
    for each in search.due():
        search.put(each, [told("harbour", day=each.day)], now=NOW)
    assert search.due() == search.gone() == ()
    editions.set_state(key, EditionState.SENDING, among=(EditionState.APPROVED,), now=NOW)
    fix = Edit(kind="correct", target="harbour", value={"text": "x"}, by="ada", at=NOW + timedelta(hours=1))
    editions.append_edit(key, fix, expected=0)
    assert search.due() == (key,)
    search.put(key, [told("harbour")], now=NOW + timedelta(hours=1))
    assert search.due() == ()
    from digest.store.archive import Archive

    Archive(store).retract(key, "wrong", now=NOW)
    assert (search.due(), search.gone()) == ((), (key,))


def test_a_copied_database_mends_its_index(store: Store, search: Search) -> None:
    assert not search.mend()
    with store.write() as connection:
        connection.execute(sa.text("DELETE FROM search_index"))
    assert found(search, "pilots") == []
    assert search.mend()
    assert set(found(search, "pilots")) == {"strait", "ferries", "older"}
    assert not search.mend()


def test_every_story_can_be_read_back(search: Search) -> None:
    def names(told: Sequence[Told]) -> list[str]:
        return [each.story for each in told]

    assert names(list(search.each("daily", since=DAY))) == [each.story for each in STORIES]
    assert names(list(search.each(until=YESTERDAY))) == ["older"]
    assert len(list(search.each())) == len(STORIES) + 2
