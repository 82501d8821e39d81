"""What the archive reads: published editions in pages, days without contents, corrections and retractions."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from digest.errors import StoreError
from digest.model.editions import Edit, EditionState
from digest.model.mail import EditionKey
from digest.pipeline.archiving import listed_of
from digest.store.archive import PAGE, Archive
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.pictures import Pictures
from tests.builders import DAY, KEY, NOW, PUBLICATION, approved, edition, parts
from tests.conftest import fresh_sqlite


def publish(store: Store, day: date, number: int) -> EditionKey:
    editions, key = Editions(store), EditionKey("daily", day)
    made = replace(edition(), day=day)
    editions.save_base(made, now=NOW)
    editions.approve(key, [replace(parts(made), number=number)], [], edits=0, by="test", now=NOW)
    editions.mark(key, "published", now=NOW)
    return key


def test_published_editions_come_in_order_however_many(store: Store) -> None:
    archive, days = Archive(store), [DAY + timedelta(days=number) for number in range(PAGE + 3)]
    for number, day in enumerate(days):
        publish(store, day, number + 1)
    Editions(store).save_base(replace(edition(), day=days[-1] + timedelta(days=1)), now=NOW)
    Editions(store).set_state(
        EditionKey("daily", DAY - timedelta(days=1)), EditionState.SKIPPED, among=(), reason="paused", now=NOW
    )
    assert [record.day for record in archive.published("daily")] == days
    assert [record.day for record in archive.published("daily", newest=True, limit=2)] == days[:-3:-1]
    assert [record.day for record in archive.published("daily", after=days[3], before=days[6])] == days[4:6]
    assert [record.day for record in archive.published("weekly")] == []
    standing = archive.days("daily")
    assert [day.day for day in standing if day.is_online] == days
    assert standing[0].state is EditionState.SKIPPED
    assert standing[0].reason == "paused"
    assert not any(day.is_open for day in standing)


def test_how_days_stand_is_read_without_their_contents(tmp_path: Path) -> None:
    """SQLite would read a third of a megabyte of each edition to reach what stands behind its base."""
    with contextlib.closing(Store.open(fresh_sqlite(tmp_path / "digest.db"))) as store:
        publish(store, DAY, 1)
        asked: list[tuple[str, Any]] = []
        sa.event.listen(store.engine, "before_cursor_execute", lambda *each: asked.append((each[2], each[3])))
        assert [day.number for day in Archive(store).days("daily")] == [1]
        (statement, values) = next(each for each in asked if "listed_at" in each[0])
        with store.read() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert any("editions USING COVERING INDEX ix_editions_standing" in row[3] for row in plan), plan


def test_corrections_stand_beside_the_item_and_a_withdrawn_story_is_gone(store: Store) -> None:
    approved(store, [])
    editions, archive = Editions(store), Archive(store)
    editions.mark(KEY, "published", now=NOW)
    editions.set_state(KEY, EditionState.SENDING, among=(EditionState.APPROVED,), now=NOW)
    values: tuple[tuple[str, dict[str, Any]], ...] = (
        ("harbour", {"text": "The pier is the north pier.", "headline": "Harbour corrected"}),
        ("wheat", {"text": "It was another exchange.", "withdraw": True}),
    )
    for number, (target, value) in enumerate(values, start=1):
        at = NOW + timedelta(hours=number)
        edit = Edit(kind="correct", target=target, value=value, by="ada", at=at)
        editions.append_edit(KEY, edit, expected=number - 1)
    editions.mark(KEY, "listed", now=NOW)

    (record,) = archive.published("daily")
    listed = listed_of(record, publication=PUBLICATION, title="Halyard", pictures=Pictures(store), sizes={})
    assert [item.headline for item in listed.edition.items] == ["Harbour corrected", "Headline of ferry"]
    assert [item.note for item in listed.edition.items] == ["", ""]
    assert [each.section for each in listed.corrections] == ["foreign", "trade"]
    assert [each.text for each in listed.corrections_of("harbour")] == ["The pier is the north pier."]
    assert listed.corrections_of("wheat")[0].withdrawn
    assert [filled.section.slug for filled in listed.sections] == ["foreign"]
    assert listed.url == "https://halyard.example/daily/2026/11/23/"
    assert listed.changed_at == NOW + timedelta(hours=2)
    assert listed.is_open
    assert archive.days("daily")[0].edits == 2

    found = archive.corrections("daily", since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=2))
    assert [(day, edit.target) for day, edit in found] == [(DAY, "wheat")]


def test_an_edition_is_retracted_once_and_its_reason_may_change(store: Store) -> None:
    approved(store, [])
    archive = Archive(store)
    with pytest.raises(StoreError, match="never published"):
        archive.retract(KEY, "It was a draft.", now=NOW)
    Editions(store).mark(KEY, "published", now=NOW)
    archive.retract(KEY, "It was a draft.", now=NOW)
    archive.retract(KEY, "It was yesterday's draft.", now=NOW + timedelta(days=1))
    (day,) = archive.days("daily")
    assert day.retraction is not None
    assert (day.retraction.reason, day.retraction.at) == ("It was yesterday's draft.", NOW)
    (record,) = archive.published("daily")
    listed = listed_of(record, publication=PUBLICATION, title="Halyard", pictures=Pictures(store), sizes={})
    assert not listed.is_open
