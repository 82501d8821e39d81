"""Claiming rows of the ledger: a few hundred at a time, with a lease; what dead senders held is put right first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.model.mail import EditionKey, Format, OutcomeKind, Planned
from digest.store.batches import dead_batches
from digest.store.composed import Composed, as_list, names_in
from digest.store.delivery_log import CLAIMED, DEFERRED, HANDED, IN_DOUBT, PLANNED, SENDING, of, repeatable
from digest.store.tables import attempts, deliveries, editions, subscribers

IN_STEP = 500


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a sender asks for."""

    key: EditionKey
    owner: str
    limit: int
    moment: int  # microseconds UTC
    lease_until: int
    resend: bool  # on_doubt = "resend"


class _Statements:
    """The statements of one kind of database."""

    def __init__(self, *, is_sqlite: bool) -> None:
        def composed(statement: sa.Executable) -> Composed:
            return Composed(statement, is_sqlite=is_sqlite)

        named = deliveries.c.subscriber.in_(names_in("names", is_sqlite=is_sqlite))
        due = _due_rows() if is_sqlite else _due_rows().with_for_update(skip_locked=True)
        self.due = composed(due)
        self.take = composed(_taking(named))
        self.people = composed(_people(named))
        self.taken = composed(_taken_rows())
        self.sending = composed(sa.select(editions.c.state).where(editions.c.digest == _DIGEST, editions.c.day == _DAY))
        self.again = composed(
            sa.update(deliveries)
            .where(_OURS, repeatable(), deliveries.c.due <= _MOMENT)
            .values(state=PLANNED, owner="", lease_until=None, changed=_MOMENT)
        )


_DIGEST, _DAY = sa.bindparam("of_digest", type_=sa.Text), sa.bindparam("of_day", type_=sa.Text)
_OURS = sa.and_(deliveries.c.digest == _DIGEST, deliveries.c.day == _DAY)
_MOMENT = sa.bindparam("moment", type_=sa.BigInteger)


def _due_rows() -> sa.Select[tuple[str]]:
    return (
        sa.select(deliveries.c.subscriber)
        .where(_OURS, deliveries.c.state == sa.bindparam("of_state", type_=sa.Text), deliveries.c.due <= _MOMENT)
        .order_by(deliveries.c.due)
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def _taking(named: sa.ColumnElement[bool]) -> sa.Update:
    return (
        sa.update(deliveries)
        .where(_OURS, named)
        .values(
            state=CLAIMED,
            owner=sa.bindparam("new_owner", type_=sa.Text),
            lease_until=sa.bindparam("new_lease", type_=sa.BigInteger),
            changed=_MOMENT,
        )
    )


def _people(named: sa.ColumnElement[bool]) -> sa.Executable:
    return (
        sa.select(
            subscribers.c.id,
            subscribers.c.email,
            subscribers.c.name,
            subscribers.c.sections,
            subscribers.c.format,
            subscribers.c.language,
            deliveries.c.attempts,
            subscribers.c.attributes,
        )
        .join(deliveries, deliveries.c.subscriber == subscribers.c.id)
        .where(_OURS, named)
        .order_by(subscribers.c.id)
    )


def _taken_rows() -> sa.Executable:
    # Read as a whole and chosen from in Python: with conditions on lease and owner SQLite reads the whole edition.
    return sa.select(deliveries.c.subscriber, deliveries.c.state, deliveries.c.owner, deliveries.c.lease_until).where(
        _OURS, sa.or_(deliveries.c.state == CLAIMED, deliveries.c.state == HANDED)
    )


_ON = {True: _Statements(is_sqlite=True), False: _Statements(is_sqlite=False)}


def claim(connection: Connection, wanted: Claim, *, is_dead: Callable[[str], bool]) -> tuple[Planned, ...]:
    """Claim rows that are planned, or deferred and due, in the transaction given; fewer means that no more are due."""
    statements, of_edition = _ON[connection.dialect.name == "sqlite"], _edition(wanted.key)
    if [row[0] for row in statements.sending(connection, **of_edition)] != [SENDING]:
        return ()
    # On PostgreSQL many senders hold rows: they are looked through only when nothing else is left to claim.
    if connection.dialect.name == "sqlite":
        _recover(connection, wanted, statements.taken(connection, **of_edition), is_dead=is_dead)
        found = _due(connection, statements, wanted)
    else:
        found = _due(connection, statements, wanted)
        if len(found) < wanted.limit:
            _recover_locked(connection, wanted, is_dead=is_dead)
            found = _due(connection, statements, wanted)  # what we locked above is not skipped
    if not found:
        return ()
    names, lease = as_list(sorted(found)), wanted.lease_until
    statements.take(
        connection, **of_edition, names=names, new_owner=wanted.owner, new_lease=lease, moment=wanted.moment
    )
    return tuple(_planned(*row) for row in statements.people(connection, **of_edition, names=names))


def _due(connection: Connection, statements: _Statements, wanted: Claim) -> list[str]:
    found: list[str] = []
    # One state at a time and in the index's order: then no claim sorts, or even reads, the rows that wait.
    for state in (DEFERRED, PLANNED):
        rows = statements.due(
            connection,
            **_edition(wanted.key),
            of_state=state,
            moment=wanted.moment,
            most=wanted.limit - len(found),
        )
        found += [row[0] for row in rows]
    return found


def _edition(key: EditionKey) -> dict[str, str]:
    return {"of_digest": key.digest, "of_day": key.day.isoformat()}


def _planned(
    subscriber: str, email: str, name: str, sections: str | None, kind: str, language: str, tries: int, more: str
) -> Planned:
    return Planned(
        subscriber=subscriber,
        email=email,
        name=name,
        sections=None if sections is None else tuple(filter(None, sections.split("|"))),
        format=cast(Format, kind),
        language=language,
        attempts=tries,
        attributes=json.loads(more),
    )


def _recover(
    connection: Connection, wanted: Claim, rows: Sequence[tuple[Any, ...]], *, is_dead: Callable[[str], bool]
) -> None:
    """Put right what others lost: claimed → planned, handed → in_doubt; under "resend" in_doubt → planned."""
    dead = {owner for owner in {row[2] for row in rows} if is_dead(owner)}
    lost = [(name, state) for name, state, owner, lease in rows if owner in dead or (lease or 0) < wanted.moment]
    _put_right(connection, wanted, lost)


def _recover_locked(connection: Connection, wanted: Claim, *, is_dead: Callable[[str], bool]) -> None:
    """Do the same where others do it too: a row that one of them has in hand is left to it."""
    held = sa.and_(of(wanted.key), deliveries.c.state.in_([CLAIMED, HANDED]))
    owners = connection.execute(sa.select(deliveries.c.owner).where(held).distinct()).scalars().all()
    dead = {owner for owner in owners if is_dead(owner)}
    dead |= dead_batches(connection, [owner for owner in owners if owner not in dead])
    lost = sa.or_(deliveries.c.owner.in_(dead), deliveries.c.lease_until < wanted.moment)
    query = sa.select(deliveries.c.subscriber, deliveries.c.state).where(held, lost)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    _put_right(connection, wanted, [(row.subscriber, row.state) for row in rows])


def _put_right(connection: Connection, wanted: Claim, lost: Sequence[tuple[str, str]]) -> None:
    key, moment = wanted.key, wanted.moment
    back = {"state": PLANNED, "owner": "", "lease_until": None, "changed": moment}
    for step in _steps([name for name, state in lost if state == CLAIMED]):
        ours = sa.and_(of(key), deliveries.c.subscriber.in_(step), deliveries.c.state == CLAIMED)
        connection.execute(sa.update(deliveries).where(ours).values(**back))
    for step in _steps([name for name, state in lost if state == HANDED]):
        _doubt(connection, key, step, moment)
    if wanted.resend:
        statements = _ON[connection.dialect.name == "sqlite"]
        statements.again(connection, **_edition(key), moment=moment)


def _doubt(connection: Connection, key: EditionKey, names: Sequence[str], moment: int) -> None:
    note = "the sender died with it handed over"
    record = {
        "digest": key.digest,
        "day": key.day.isoformat(),
        "at": moment,
        "outcome": OutcomeKind.IN_DOUBT.value,
        "phase": "body",
        "reply": note,
    }
    connection.execute(sa.insert(attempts), [{**record, "subscriber": name} for name in names])
    doubt = {
        "state": IN_DOUBT,
        "owner": "",
        "lease_until": None,
        "reply": note,
        "changed": moment,
        "attempts": deliveries.c.attempts + 1,
    }
    mine = sa.and_(of(key), deliveries.c.subscriber.in_(names))
    connection.execute(sa.update(deliveries).where(mine).values(doubt))


def _steps(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield names a few hundred at a time: databases bound the values of one statement."""
    for start in range(0, len(names), IN_STEP):
        yield names[start : start + IN_STEP]
