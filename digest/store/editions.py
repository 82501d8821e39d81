"""Editions: base, edits, where they stand, and the parts of what was approved."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from datetime import time as ClockTime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.errors import StoreConflict, StoreError
from digest.model.editions import Edit, Edition, EditionRecord, EditionState, SentEvent
from digest.model.mail import EditionKey, Parts
from digest.model.printed import printed
from digest.store.codec import dump, load, plain
from digest.store.engine import Store
from digest.store.stories import insert, instant
from digest.store.tables import contents, edition_parts, editions, edits, sent_events

# From the first hand-over on only a correction is taken (design §4).
FROZEN = frozenset({EditionState.SENDING, EditionState.FINISHED, EditionState.STOPPED, EditionState.SKIPPED})
STEPS = {"published": editions.c.published_at, "listed": editions.c.listed_at}


class Pulse(NamedTuple):
    """What tells whether anything of an edition changed."""

    state: str
    draft: int
    version: str
    built_at: int | None  # microseconds
    changed: int  # microseconds
    edits: int
    by: str | None  # whose the last edit is


def clock_time(text: str) -> ClockTime | None:
    """Return "07:30" as a time, None of an empty text."""
    return ClockTime.fromisoformat(text) if text else None


def _is(key: EditionKey) -> sa.ColumnElement[bool]:
    return sa.and_(editions.c.digest == key.digest, editions.c.day == key.day.isoformat())


def record_of(connection: Connection, row: Mapping[str, Any]) -> EditionRecord:
    """Return the record of a row of `editions`, its edits in order."""
    query = (
        sa.select(edits).where(edits.c.digest == row["digest"], edits.c.day == row["day"]).order_by(edits.c.sequence)
    )
    return EditionRecord(
        digest=row["digest"],
        day=date.fromisoformat(row["day"]),
        state=EditionState(row["state"]),
        base=None if row["base"] is None else _base(row["base"]),
        edits=tuple(edit_of(dict(each)) for each in connection.execute(query).mappings()),
        number=row["number"],
        version=row["version"],
        reason=row["reason"],
        held=bool(row["held"]),
        draft=row["draft"],
        opens=clock_time(row["opens"]),
        approved_at=instant(row["approved_at"]),
        approved_by=row["approved_by"],
        published_at=instant(row["published_at"]),
        listed_at=instant(row["listed_at"]),
        retracted_at=instant(row["retracted_at"]),
        retraction=row["retraction"],
    )


def edit_of(row: Mapping[str, Any]) -> Edit:
    """Return the edit of a row of `edits`."""
    return Edit(
        kind=row["kind"],
        target=row["target"],
        value=json.loads(row["value"]),
        by=row["by"],
        at=_instant(row["at"]),
        sequence=row["sequence"],
    )


class Editions:
    """Satisfies the ports EditionStore and ApprovalStore."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def edition(self, key: EditionKey) -> EditionRecord | None:
        """Return an edition with its edits in order, or None."""
        with self.store.read() as connection:
            row = connection.execute(sa.select(editions).where(_is(key))).mappings().one_or_none()
            return None if row is None else record_of(connection, dict(row))

    def save_base(self, base: Edition, *, now: datetime) -> None:
        """Insert or replace the base of a draft; raise StoreConflict when it is no draft any more."""
        row = {"base": dump(base), "built_at": to_micros(base.built_at), "changed": to_micros(now)}
        key = EditionKey(base.digest, base.day)
        statement = insert(self.store, editions).values(
            digest=key.digest, day=key.day.isoformat(), state=EditionState.DRAFT.value, draft=1, **row
        )
        with self.store.read() as connection:
            before = connection.execute(sa.select(editions.c.base).where(_is(key))).scalar()
        same = before is not None and printed(_base(before)) == printed(base)
        step = sa.case((editions.c.base == before, 0), else_=1) if same else sa.literal(1)
        statement = statement.on_conflict_do_update(
            index_elements=["digest", "day"],
            set_={**row, "draft": editions.c.draft + step},
            where=editions.c.state == EditionState.DRAFT.value,
        )
        with self.store.write() as connection:
            if connection.execute(statement.returning(editions.c.day)).first() is None:
                state = connection.execute(sa.select(editions.c.state).where(_is(key))).scalar_one()
                takes_back = state == EditionState.APPROVED.value
                raise StoreConflict(
                    f"the edition of {base.day} is {state}, no draft any more, and not built again",
                    fix="`digest withdraw` makes it one" if takes_back else "see `digest status`",
                )

    def sending(self, digest: str) -> tuple[EditionKey, ...]:
        """Return the editions of a digest that are being handed over, oldest first."""
        state = sa.and_(editions.c.digest == digest, editions.c.state == EditionState.SENDING.value)
        with self.store.read() as connection:
            days = connection.execute(sa.select(editions.c.day).where(state).order_by(editions.c.day)).scalars()
            return tuple(EditionKey(digest, date.fromisoformat(day)) for day in days)

    def append_edit(self, key: EditionKey, edit: Edit, *, expected: int) -> int:
        """Append an edit as number expected + 1 and return it; raise StoreConflict when another came first.

        An edit of an approved edition makes it a draft again, in the same transaction; from sending on only `correct`
        is taken.
        """
        with self.store.write() as connection:
            state = self._locked_state(connection, key)
            if state in FROZEN and edit.kind != "correct":
                raise StoreConflict(f"the edition of {key.day} is {state}", fix="only `correct` is taken from here on")
            count = connection.execute(
                sa.select(sa.func.count())
                .select_from(edits)
                .where(edits.c.digest == key.digest, edits.c.day == key.day.isoformat())
            ).scalar_one()
            if count != expected:
                raise StoreConflict(
                    f"the edition of {key.day} has {count} edits, not {expected}",
                    fix="look at what changed, then try again",
                )
            connection.execute(
                sa.insert(edits).values(
                    digest=key.digest,
                    day=key.day.isoformat(),
                    sequence=expected + 1,
                    kind=edit.kind,
                    target=edit.target,
                    value=plain(dict(edit.value)),
                    by=edit.by,
                    at=to_micros(edit.at),
                )
            )
            values: dict[str, Any] = {"draft": editions.c.draft + 1, "changed": to_micros(edit.at)}
            if state == EditionState.APPROVED:
                values |= {"state": EditionState.DRAFT.value, "version": ""}
                self._remember(connection, key, ())
            connection.execute(sa.update(editions).where(_is(key)).values(**values))
        return expected + 1

    def _locked_state(self, connection: Connection, key: EditionKey) -> EditionState:
        query = sa.select(editions.c.state).where(_is(key))
        state = connection.execute(query if self.store.is_sqlite else query.with_for_update()).scalar()
        if state is None:
            raise StoreError(f"there is no edition of {key.day} of {key.digest!r}", fix="make it with `digest build`")
        return EditionState(state)

    def set_state(
        self, key: EditionKey, state: EditionState, *, among: Iterable[EditionState], reason: str = "", now: datetime
    ) -> None:
        """Move an edition from one of ``among`` to ``state``; with no ``among``, insert it. Raise StoreConflict."""
        allowed = [each.value for each in among]
        values = {"state": state.value, "reason": reason, "changed": to_micros(now)}
        with self.store.write() as connection:
            if allowed:
                statement = sa.update(editions).where(_is(key), editions.c.state.in_(allowed)).values(**values)
                done = connection.execute(statement.returning(editions.c.day)).first()
            else:
                new = insert(self.store, editions).values(digest=key.digest, day=key.day.isoformat(), **values)
                done = connection.execute(new.on_conflict_do_nothing().returning(editions.c.day)).first()
            if done is None:
                raise StoreConflict(f"the edition of {key.day} cannot become {state.value} from where it stands")

    def hold(self, key: EditionKey, *, held: bool, now: datetime) -> None:
        """Say whether a draft may approve itself; approval by a person ends a hold."""
        with self.store.write() as connection:
            connection.execute(sa.update(editions).where(_is(key)).values(held=held, changed=to_micros(now)))

    def move_opening(self, key: EditionKey, opens: ClockTime | None, *, now: datetime) -> None:
        """Let the hand-over of one edition begin at another local time, or again at the digest's own.

        Raise StoreConflict once sending began.
        """
        with self.store.write() as connection:
            state = self._locked_state(connection, key)
            if state in FROZEN:
                raise StoreConflict(f"the edition of {key.day} is {state}", fix="its hour cannot be moved any more")
            text = "" if opens is None else f"{opens:%H:%M}"
            connection.execute(sa.update(editions).where(_is(key)).values(opens=text, changed=to_micros(now)))

    def pulse(self, key: EditionKey) -> Pulse | None:
        """Return what tells whether anything of an edition changed, by one small row; None where there is none."""
        mine = sa.and_(edits.c.digest == key.digest, edits.c.day == key.day.isoformat())
        count = sa.select(sa.func.count()).select_from(edits).where(mine).scalar_subquery()
        last = sa.select(edits.c.by).where(mine).order_by(edits.c.sequence.desc()).limit(1).scalar_subquery()
        columns = (editions.c.state, editions.c.draft, editions.c.version, editions.c.built_at, editions.c.changed)
        with self.store.read() as connection:
            row = connection.execute(sa.select(*columns, count, last).where(_is(key))).first()
        return None if row is None else Pulse(*row)

    def withdraw(self, key: EditionKey, *, now: datetime) -> EditionState:
        """Take an approval back, or hold a draft; return the state before. Raise StoreConflict once sending began."""
        with self.store.write() as connection:
            state = self._locked_state(connection, key)
            if state in FROZEN:
                raise StoreConflict(f"the edition of {key.day} is {state}", fix="it cannot be withdrawn any more")
            values = {"state": EditionState.DRAFT.value, "version": "", "held": True, "changed": to_micros(now)}
            connection.execute(sa.update(editions).where(_is(key)).values(**values))
            self._remember(connection, key, ())
        return state

    def recent(self, digest: str, *, before: date | None = None, limit: int = 30) -> tuple[EditionRecord, ...]:
        """Return editions, newest first."""
        query = sa.select(editions).where(editions.c.digest == digest).order_by(editions.c.day.desc()).limit(limit)
        if before is not None:
            query = query.where(editions.c.day < before.isoformat())
        with self.store.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            return tuple(record_of(connection, row) for row in rows)

    def approve(
        self,
        key: EditionKey,
        parts: Sequence[Parts],
        events: Sequence[SentEvent],
        *,
        edits: int,
        by: str,
        now: datetime,
        draft: int | None = None,
    ) -> EditionRecord:
        """Store the parts, give the number, set state approved by compare-and-swap; return the record.

        ``edits`` is how many edits the parts include, ``draft`` the draft they were made of; raise StoreConflict when
        it is another by now, or the edition is no draft.
        """
        bodies = {each.language: dump(each).encode("utf-8") for each in parts}
        hashes = {language: hashlib.sha256(body).hexdigest() for language, body in bodies.items()}
        version = hashlib.sha256("\n".join(f"{k} {v}" for k, v in sorted(hashes.items())).encode()).hexdigest()
        with self.store.write() as connection:
            self._may_approve(connection, key, edits, draft, parts[0].number)
            for language, body in bodies.items():
                keep(self.store, connection, hashes[language], body, "application/json", now)
                row = {"digest": key.digest, "day": key.day.isoformat(), "version": version, "language": language}
                new = insert(self.store, edition_parts).values(**row, hash=hashes[language])
                connection.execute(new.on_conflict_do_nothing())
            self._remember(connection, key, events)
            values = {
                "state": EditionState.APPROVED.value,
                "version": version,
                "number": sa.func.coalesce(editions.c.number, parts[0].number),
                "approved_at": to_micros(now),
                "approved_by": by,
                "held": False,
                "changed": to_micros(now),
            }
            connection.execute(sa.update(editions).where(_is(key)).values(**values))
        record = self.edition(key)
        assert record is not None
        return record

    def _may_approve(
        self, connection: Connection, key: EditionKey, expected: int, draft: int | None, number: int
    ) -> None:
        state = self._locked_state(connection, key)
        if state != EditionState.DRAFT:
            raise StoreConflict(f"the edition of {key.day} is {state}, no draft")
        count = connection.execute(
            sa.select(sa.func.count())
            .select_from(edits)
            .where(edits.c.digest == key.digest, edits.c.day == key.day.isoformat())
        ).scalar_one()
        if count != expected:
            raise StoreConflict(
                f"somebody edited the edition of {key.day} meanwhile", fix="look at what changed, then approve again"
            )
        if draft is not None and draft != connection.execute(sa.select(editions.c.draft).where(_is(key))).scalar():
            raise StoreConflict(
                f"the edition of {key.day} was built again meanwhile", fix="look at what changed, then approve again"
            )
        taken = sa.select(editions.c.day).where(
            editions.c.digest == key.digest, editions.c.number == number, editions.c.day != key.day.isoformat()
        )
        if connection.execute(taken).first() is not None:
            raise StoreConflict(f"number {number} was given to another edition meanwhile", fix="approve again")

    def _remember(self, connection: Connection, key: EditionKey, events: Sequence[SentEvent]) -> None:
        """Replace what this edition told; with none, as after an approval taken back, it told nothing."""
        mine = sa.and_(sent_events.c.digest == key.digest, sent_events.c.day == key.day.isoformat())
        connection.execute(sa.delete(sent_events).where(mine))
        rows = [
            {"digest": key.digest, "day": key.day.isoformat(), "lead": each.lead, "body": dump(each)} for each in events
        ]
        if rows:
            connection.execute(sa.insert(sent_events), rows)

    def parts(self, key: EditionKey) -> tuple[Parts, ...]:
        """Return the parts of the approved version, one a language. Raises StoreError where there are none."""
        query = (
            sa.select(contents.c.body)
            .join(edition_parts, edition_parts.c.hash == contents.c.hash)
            .join(
                editions,
                sa.and_(
                    editions.c.digest == edition_parts.c.digest,
                    editions.c.day == edition_parts.c.day,
                    editions.c.version == edition_parts.c.version,
                ),
            )
            .where(_is(key))
            .order_by(edition_parts.c.language)
        )
        with self.store.read() as connection:
            found = tuple(load(Parts, bytes(body)) for (body,) in connection.execute(query))
        if not found:
            raise StoreError(f"the edition of {key.day} has no parts", fix="approve it first: `digest approve`")
        return found

    def mark(self, key: EditionKey, step: str, *, now: datetime) -> None:
        """Record that a step ("published", "listed") is done; the first time counts."""
        column = STEPS[step]
        with self.store.write() as connection:
            connection.execute(sa.update(editions).where(_is(key), column.is_(None)).values({column: to_micros(now)}))

    def sent_events(self, digest: str, *, since: date) -> tuple[SentEvent, ...]:
        """Return what approved editions from ``since`` on told, oldest first."""
        query = (
            sa.select(sent_events.c.body)
            .where(sent_events.c.digest == digest, sent_events.c.day >= since.isoformat())
            .order_by(sent_events.c.day, sent_events.c.lead)
        )
        with self.store.read() as connection:
            return tuple(load(SentEvent, body) for (body,) in connection.execute(query))

    def next_number(self, digest: str) -> int:
        """Return the number the next approval would give."""
        query = sa.select(sa.func.max(editions.c.number)).where(editions.c.digest == digest)
        with self.store.read() as connection:
            return int(connection.execute(query).scalar() or 0) + 1


@lru_cache(maxsize=4)
def _base(text: str) -> Edition:
    """Return the base a text holds; while an edition is edited its base is read again with every edit."""
    return load(Edition, text)


def keep(store: Store, connection: Connection, key: str, body: bytes, media_type: str, now: datetime) -> None:
    """Keep content-addressed bytes; what stands there already is the same."""
    row = {"hash": key, "media_type": media_type, "body": body, "created": to_micros(now)}
    connection.execute(insert(store, contents).values(**row).on_conflict_do_nothing())


def _instant(micros: int) -> datetime:
    found = instant(micros)
    assert found is not None
    return found
