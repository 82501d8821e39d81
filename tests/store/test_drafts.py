"""Drafts are numbered: each edit and each base that prints something else makes another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import time as ClockTime
from datetime import timedelta

import pytest

from digest.errors import StoreConflict
from digest.model.editions import Edit
from digest.store.calendar import CalendarStore
from digest.store.editions import Editions
from digest.store.engine import Store
from tests.builders import KEY, NOW, edition, parts


def test_a_draft_grows_with_what_readers_would_see_and_approval_names_it(store: Store) -> None:
    editions, base = Editions(store), edition()

    def draft() -> int:
        record = editions.edition(KEY)
        assert record is not None
        return record.draft

    editions.save_base(base, now=NOW)
    assert draft() == 1
    later = replace(base, built_at=base.built_at + timedelta(minutes=5))
    editions.save_base(later, now=NOW)
    assert draft() == 1, "the same stories read again are the same draft"
    editions.save_base(replace(later, subject="Something else"), now=NOW)
    assert draft() == 2
    before = editions.pulse(KEY)
    editions.append_edit(KEY, Edit(kind="subject", value={"text": "Hoisted"}, by="Ada", at=NOW), expected=0)
    assert draft() == 3
    assert editions.pulse(KEY) != before

    with pytest.raises(StoreConflict, match="built again meanwhile"):
        editions.approve(KEY, [parts(base)], [], edits=1, by="Ada", now=NOW, draft=2)
    editions.move_opening(KEY, ClockTime(7, 30), now=NOW)
    assert CalendarStore(store).moved("daily", since=KEY.day) == {KEY.day: ClockTime(7, 30)}
    assert CalendarStore(store).moved("daily", since=KEY.day + timedelta(days=1)) == {}
    record = editions.approve(KEY, [parts(base)], [], edits=1, by="Ada", now=NOW, draft=3)
    assert (record.draft, record.opens) == (3, ClockTime(7, 30))
