"""Have we run this? The desk asks search, and the events of editions that search does not know yet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from digest.model.editions import SentEvent
from digest.model.mail import EditionKey
from digest.model.news import Cluster
from digest.pipeline.ran import Ran, ran_before
from digest.store.engine import Store
from digest.store.search import Search
from tests.builders import DAY, NOW, edition, filled, item, story
from tests.store.test_search import told


def test_what_ran_before(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'digest.db'}")
    search = Search(store)
    headline = "Two rival coasts agree to share the pilots of the Oru Strait"
    old, older, week = DAY - timedelta(days=900), DAY - timedelta(days=1200), DAY - timedelta(days=7)
    stories = {
        old: told("other", day=old, headline="Rival coasts agree to share pilots of the Oru Strait again"),
        older: told("lead", day=older, headline="Quite other words", stories=("lead", "strait")),
        week: told("far", day=week, headline="Wheat rises in the north"),
        DAY: told("today", headline=headline),
    }
    for day, each in stories.items():
        search.put(EditionKey("daily", day), [each], now=NOW)
    search.put(EditionKey("weekly", week), [told("w", day=week, digest="weekly", headline=headline)], now=NOW)
    lead = story("strait", headline=headline)
    ours = edition(
        sections=(filled("foreign", [item("x", cluster=Cluster(stories=(lead,), lead=lead), headline=headline)]),)
    )
    unlisted = DAY - timedelta(days=1)
    past = [
        SentEvent(digest="daily", day=day, lead="strait", stories=("strait",), sources=(), headline="As it was then")
        for day in (unlisted, DAY)
    ]
    found = ran_before(ours, "strait", past=past, search=search)
    assert found[0] == Ran(day=unlisted, headline="As it was then", same=True)
    assert Ran(day=older, headline="Quite other words", same=True, section="Foreign Affairs") in found
    assert Ran(day=old, headline=stories[old].headline, same=False, section="Foreign Affairs") in found
    assert len(found) == 3
    assert ran_before(ours, "nobody", past=past, search=search) == ()
    store.close()
