"""Users, sessions and the log of the desk, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from digest.errors import UsageError
from digest.model.desk import Deed, Role
from digest.store.desk import DeskStore
from digest.store.engine import Store
from tests.builders import NOW

DAY = timedelta(days=1)


def test_users_sessions_and_links(store: Store) -> None:
    desk = DeskStore(store)

    def who(token: str, after: timedelta = timedelta(0)) -> str:
        visitor = desk.visitor(token, idle=7 * DAY, now=NOW + after)
        return f"{visitor.name} {visitor.role}" if visitor is not None else ""

    assert desk.put_user("Ada", Role.EDITOR, "$argon2id$one", now=NOW)
    assert desk.put_user("ada", Role.VIEWER, "$argon2id$two", now=NOW), "names are told apart as they are written"
    assert [user.name for user in desk.users()] == ["Ada", "ada"]
    token = desk.open("Ada", role=None, lasts=30 * DAY, now=NOW)
    assert who(token) == "Ada editor"
    assert who(token, 8 * DAY) == "", "it lay idle too long"
    assert who(token, 6 * DAY) == "Ada editor"
    assert who(token, 12 * DAY) == "Ada editor", "it was used on the sixth day"
    assert who(token, 31 * DAY) == ""
    assert not desk.put_user("Ada", Role.VIEWER, "$argon2id$three", now=NOW)
    assert who(token) == ""
    assert desk.password_hash("Ada") == "$argon2id$three"

    link = desk.open("root", role=Role.EDITOR, lasts=DAY, now=NOW, kind="link")
    assert who(link) == "", "a link is no session"
    assert desk.use_link(link, lasts=DAY, now=NOW + 2 * DAY) == ""
    opened = desk.use_link(link, lasts=DAY, now=NOW)
    assert who(opened) == "root editor"
    assert desk.use_link(link, lasts=DAY, now=NOW) == ""
    desk.close(opened)
    assert who(opened) == ""
    desk.remove_user("Ada")
    with pytest.raises(UsageError, match="nobody is called 'Ada'"):
        desk.remove_user("Ada")


def test_the_log_keeps_what_was_done(store: Store) -> None:
    desk = DeskStore(store)
    for number in range(3):
        desk.record(Deed(at=NOW, by="Ada", did="edit", about=f"daily {number}", address="198.51.100.7"))
    assert [deed.about for deed in desk.deeds(limit=2)] == ["daily 2", "daily 1"]
