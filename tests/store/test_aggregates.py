"""Stories, editions, pictures, notices and locks, on both databases."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import LockHeld, StoreConflict, StoreError
from digest.model.editions import Edit, Edition, EditionState, Picture, SentEvent
from digest.model.mail import EditionKey, Notice, NoticeKind, Outcome, OutcomeKind, Parts, QueuedNotice, Subscriber
from digest.model.news import Entry, FeedState, Image, PageMetadata, Story
from digest.pipeline.approving import events_of
from digest.store.codec import dump, load
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.locks import Locks
from digest.store.notices import Notices
from digest.store.pages import Pages
from digest.store.pictures import Pictures
from digest.store.runs import Runs
from digest.store.stories import Stories
from tests.builders import DAY, KEY, NOW, edition, item, parts, story

TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
MOMENTS = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.replace(microsecond=0))


@given(TEXT, TEXT, st.none() | MOMENTS, st.none() | st.integers(0, 10_000))
def test_stories_read_back_exactly(headline: str, teaser: str, published: object, seconds: int | None) -> None:
    told = story("a", headline=headline, teaser=teaser, published=published, duration_s=seconds, hints=("x", headline))
    assert load(Story, dump(told)) == told


def test_every_core_value_reads_back_exactly() -> None:
    made = edition(sections=(replace(edition().sections[0], items=(item("a", update_of="2026-11-22"),)),))
    values = [
        made,
        parts(),
        FeedState(url="https://a.example/", etag='W/"x"', last_success=NOW),
        Picture(name="a.jpg", width=1, height=2),
    ]
    for value in values:
        assert load(type(value), dump(value)) == value
    entry = Entry(feed="https://a.example/", position=1, images=(Image(url="https://a.example/i.jpg", width=3),))
    assert load(Entry, dump(entry)) == entry
    assert (
        load(Subscriber, dump(Subscriber(id="1", email="a@b.example", email_key="a@b.example"))).email == "a@b.example"
    )
    assert load(Parts, dump(parts())).html == parts().html


def test_a_story_seen_again_keeps_when_it_was_first_seen(store: Store) -> None:
    stories = Stories(store)
    assert stories.save_stories([story("a", seen=NOW), story("b", seen=NOW)], now=NOW) == 2
    later = NOW + timedelta(hours=3)
    changed = story("a", headline="A new headline", seen=later)
    assert stories.save_stories([changed, story("c", seen=later)], now=later) == 1
    kept = stories.story("a")
    assert kept is not None
    assert (kept.headline, kept.seen) == ("A new headline", NOW)
    assert stories.story("z") is None


def test_a_story_of_two_feeds_is_kept_in_both_wordings_whichever_came_first(store: Store) -> None:
    stories = Stories(store)
    one, other = story("a", feed="https://one.example/f"), story("a", feed="https://two.example/f", headline="Other")
    later = NOW + timedelta(hours=3)
    assert stories.save_stories([other], now=NOW) == 1
    assert stories.save_stories([replace(one, seen=later)], now=later) == 0
    assert stories.save_stories([replace(other, seen=later)], now=later) == 0
    first = NOW - timedelta(hours=1)
    kept = stories.stories_between(NOW - timedelta(days=1), later)
    assert [(each.feed, each.headline, each.seen) for each in kept] == [
        (one.feed, one.headline, first),
        (other.feed, "Other", first),
    ]
    assert stories.story("a") == replace(one, seen=first)


def test_what_pages_say_is_kept(store: Store) -> None:
    pages = Pages(store)
    said = PageMetadata(teaser="What happened.", image=Image(url="https://a.example/i.jpg"))
    pages.save_pages({"https://a.example/": said, "https://b.example/": PageMetadata()}, now=NOW)
    pages.save_pages({"https://b.example/": replace(said, byline="Ada")}, now=NOW)
    found = pages.pages(f"https://{name}.example/" for name in "abc")
    assert found == {"https://a.example/": said, "https://b.example/": replace(said, byline="Ada")}


def test_stories_come_by_their_own_time_else_by_when_they_were_seen(store: Store) -> None:
    stories = Stories(store)
    saved = [
        story("old", published=NOW - timedelta(days=3), seen=NOW),
        story("new", published=NOW - timedelta(hours=1), seen=NOW),
        story("undated", published=None, seen=NOW),
        story("future", published=NOW + timedelta(days=400), date_note="future", seen=NOW),
    ]
    stories.save_stories(saved, now=NOW)
    found = stories.stories_between(NOW - timedelta(hours=24), NOW)
    assert [each.id for each in found] == ["future", "new", "undated"]
    assert len(stories.stories_between(NOW - timedelta(hours=24), NOW, limit=2)) == 2


def test_feed_states_are_replaced(store: Store) -> None:
    stories = Stories(store)
    stories.save_feed_states([FeedState(url="https://a.example/", failures=1)], now=NOW)
    stories.save_feed_states([FeedState(url="https://a.example/", etag='"x"')], now=NOW)
    assert stories.feed_states() == {"https://a.example/": FeedState(url="https://a.example/", etag='"x"')}


def edit(kind: str = "drop", **changes: object) -> Edit:
    values: dict[str, object] = {"kind": kind, "target": "harbour", "by": "Ada", "at": NOW, "value": {"why": "old"}}
    return Edit(**{**values, **changes})  # type: ignore[arg-type]  # values of its fields


def test_a_rebuild_replaces_the_base_and_never_the_edits(store: Store) -> None:
    editions = Editions(store)
    editions.save_base(edition(), now=NOW)
    assert editions.append_edit(KEY, edit(), expected=0) == 1
    editions.save_base(edition(subject="Another"), now=NOW)
    record = editions.edition(KEY)
    assert record is not None
    assert record.base is not None
    assert record.base.subject == "Another"
    assert record.edits == (replace(edit(), sequence=1),)


def test_two_editors_cannot_overwrite_each_other(store: Store) -> None:
    editions = Editions(store)
    editions.save_base(edition(), now=NOW)
    editions.append_edit(KEY, edit(), expected=0)
    with pytest.raises(StoreConflict, match="has 1 edits, not 0"):
        editions.append_edit(KEY, edit(by="Jonne"), expected=0)


def test_approval_freezes_and_a_later_edit_voids_it(store: Store) -> None:
    editions = Editions(store)
    editions.save_base(edition(), now=NOW)
    with pytest.raises(StoreError, match="no parts"):
        editions.parts(KEY)
    record = editions.approve(KEY, [parts()], events_of(edition()), edits=0, by="Ada", now=NOW)
    assert (record.state, record.number, record.approved_by) == (EditionState.APPROVED, 1, "Ada")
    assert editions.parts(KEY) == (parts(),)
    with pytest.raises(StoreConflict, match=r"is approved, no draft any more, .*`digest withdraw` makes it one"):
        editions.save_base(edition(subject="Late"), now=NOW)
    with pytest.raises(StoreConflict):
        editions.approve(KEY, [parts()], [], edits=0, by="Bo", now=NOW)
    editions.append_edit(KEY, edit(), expected=0)
    voided = editions.edition(KEY)
    assert voided is not None
    assert (voided.state, voided.version, voided.number) == (EditionState.DRAFT, "", 1)
    assert editions.sent_events("daily", since=DAY) == (), "what is no longer approved told nothing"


def test_an_edit_during_approval_is_a_conflict(store: Store) -> None:
    editions = Editions(store)
    editions.save_base(edition(), now=NOW)
    editions.append_edit(KEY, edit(), expected=0)
    with pytest.raises(StoreConflict, match="somebody edited"):
        editions.approve(KEY, [parts()], [], edits=0, by="Ada", now=NOW)


def test_numbers_go_up_and_events_are_remembered(store: Store) -> None:
    editions = Editions(store)
    for number, day in enumerate((date(2026, 11, 21), date(2026, 11, 22)), start=1):
        made = edition(day=day)
        key = EditionKey("daily", day)
        editions.save_base(made, now=NOW)
        assert editions.next_number("daily") == number
        editions.approve(key, [parts(made, number)], events_of(made), edits=0, by="Ada", now=NOW)
    events = editions.sent_events("daily", since=date(2026, 11, 22))
    assert {event.lead for event in events} == {"harbour", "ferry", "wheat"}
    assert all(isinstance(event, SentEvent) for event in events)
    assert editions.sent_events("weekly", since=DAY) == ()
    assert [record.day.day for record in editions.recent("daily")] == [22, 21]
    assert [record.day.day for record in editions.recent("daily", before=date(2026, 11, 22))] == [21]


def test_a_number_is_given_once(store: Store) -> None:
    editions = Editions(store)
    for day in (date(2026, 11, 21), date(2026, 11, 22)):
        editions.save_base(edition(day=day), now=NOW)
    first, second = (edition(day=date(2026, 11, day)) for day in (21, 22))
    editions.approve(EditionKey("daily", first.day), [parts(first)], [], edits=0, by="Ada", now=NOW)
    with pytest.raises(StoreConflict, match="number 1"):
        editions.approve(EditionKey("daily", second.day), [parts(second)], [], edits=0, by="Bo", now=NOW)


def test_states_move_only_from_where_they_may(store: Store) -> None:
    editions = Editions(store)
    editions.set_state(KEY, EditionState.SKIPPED, among=(), reason="empty", now=NOW)
    record = editions.edition(KEY)
    assert record is not None
    assert (record.state, record.reason, record.base) == (EditionState.SKIPPED, "empty", None)
    with pytest.raises(StoreConflict):
        editions.set_state(KEY, EditionState.SENDING, among=[EditionState.APPROVED], now=NOW)
    with pytest.raises(StoreConflict):
        editions.set_state(KEY, EditionState.SKIPPED, among=(), now=NOW)


def test_the_first_time_a_step_is_done_counts(store: Store) -> None:
    editions = Editions(store)
    editions.save_base(edition(), now=NOW)
    editions.mark(KEY, "published", now=NOW)
    editions.mark(KEY, "published", now=NOW + timedelta(hours=1))
    record = editions.edition(KEY)
    assert record is not None
    assert record.published_at == NOW


def test_pictures_and_reasons_are_kept(store: Store) -> None:
    pictures = Pictures(store)
    made = Picture(name="abc.jpg", width=108, height=81)
    pictures.save_picture("https://a.example/1", "cards", made, b"jpeg", "image/jpeg", now=NOW)
    pictures.save_picture("https://a.example/2", "cards", "it is no picture", b"", "", now=NOW)
    wanted = [("https://a.example/1", "cards"), ("https://a.example/2", "cards"), ("https://a.example/1", "feature")]
    assert pictures.pictures(wanted) == {wanted[0]: made, wanted[1]: "it is no picture"}
    assert pictures.content("abc.jpg") == (b"jpeg", "image/jpeg")
    assert pictures.content("xyz.jpg") is None


def notice(**changes: object) -> Notice:
    values: dict[str, object] = {
        "kind": NoticeKind.ALERT, "recipient": "ops@a.example", "subject": "S", "text": "T", "key": "k", "at": NOW,
    }  # fmt: skip
    return Notice(**{**values, **changes})  # type: ignore[arg-type]  # values of its fields


def test_a_notice_is_queued_once_and_handed_once(store: Store) -> None:
    notices = Notices(store)
    assert notices.queue(notice(), now=NOW)
    assert not notices.queue(notice(text="again"), now=NOW)
    assert notices.due(now=NOW) == (QueuedNotice(notice=notice(), attempts=0),)
    assert notices.due(now=NOW) == ()
    later = NOW + timedelta(minutes=5)
    outcome = Outcome(subscriber="", kind=OutcomeKind.DEFERRED, at=NOW, reply="451", next_attempt=later)
    notices.settle("k", outcome, now=NOW)
    assert notices.due(now=NOW) == ()
    assert notices.give_up(queued_before=NOW, now=later) == 0
    (again,) = notices.due(now=later)
    assert again.attempts == 1
    notices.settle("k", outcome, now=later)
    assert notices.give_up(queued_before=later, now=later) == 1
    assert notices.counts() == {"expired": 1}
    assert notices.due(now=later + timedelta(days=1)) == ()


def test_a_lock_names_its_holder_and_is_free_after(store: Store) -> None:
    mine, theirs = Locks(store, lambda: NOW), Locks(store, lambda: NOW, wait=lambda seconds: None)
    with mine.hold("daily", wait_s=0):
        with pytest.raises(LockHeld, match=r"pid \d+ on .* since 2026-11-23"), theirs.hold("daily", wait_s=0.5):
            pytest.fail("the lock was held by two")
        with theirs.hold("weekly", wait_s=0):
            pass
    with theirs.hold("daily", wait_s=0):
        pass


HOLDER = """
import sys, time
from datetime import UTC, datetime
from digest.store.engine import Store
from digest.store.locks import Locks
with Locks(Store.open(sys.argv[1]), lambda: datetime(2026, 11, 23, tzinfo=UTC)).hold("daily", wait_s=0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_dead_holders_lock_is_free_at_once(store: Store) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, store.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    locks = Locks(store, lambda: NOW)
    with pytest.raises(LockHeld, match=f"pid {process.pid}"), locks.hold("daily", wait_s=0):
        pytest.fail("the lock was held by two")
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    with locks.hold("daily", wait_s=2):
        pass


def test_runs_are_recorded(store: Store) -> None:
    runs = Runs(store)
    assert runs.last("daily") is None
    number = runs.begin("daily", DAY, "run", now=NOW)
    runs.end(number, 4, {"feeds": 3}, now=NOW + timedelta(seconds=2))
    last = runs.last("daily")
    assert last is not None
    assert (last["exit_code"], last["summary"]) == (4, '{"feeds":3}')


def test_editions_read_back_exactly(store: Store) -> None:
    editions = Editions(store)
    made: Edition = edition()
    editions.save_base(made, now=NOW)
    record = editions.edition(KEY)
    assert record is not None
    assert record.base == made
