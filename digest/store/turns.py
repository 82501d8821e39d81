"""The one rule of sending (design §4), for all connections at once: what was, what comes handed, one commit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.dates import to_micros
from digest.model.mail import DeliveryState, EditionKey, Outcome, OutcomeKind
from digest.store.composed import Composed, as_list, names_in
from digest.store.delivery_log import CLAIMED, HANDED, PLANNED, SENDING, SUPPRESSED, suppressed
from digest.store.tables import attempts, deliveries, editions, subscribers

ACCEPTED = DeliveryState.ACCEPTED.value
LONGEST_REPLY = 500  # characters kept of a relay's words


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one connection asks for: an outcome on record, and the next row handed."""

    key: EditionKey
    owner: str
    done: Outcome | None
    following: str | None  # subscriber's id
    moment: int  # microseconds UTC
    lease_until: int


# What a turn learnt, as a row of the JSON document that one bind parameter carries: one statement for all turns.
# Each statement gives the interpreter's lock away and waits for it again, so a statement a row would wait hundreds
# of times a group while connections run.
_LEARNT = {
    "digest": sa.Text,
    "day": sa.Text,
    "subscriber": sa.Text,
    "owner": sa.Text,
    "state": sa.Text,
    "outcome": sa.Text,
    "code": sa.Integer,
    "enhanced": sa.Text,
    "phase": sa.Text,
    "reply": sa.Text,
    "due": sa.BigInteger,
    "counted": sa.Integer,  # 1 = an attempt, 0 = nothing was written
    "at": sa.BigInteger,
}
_RECORDED = ("digest", "day", "subscriber", "at", "outcome", "code", "enhanced", "phase", "reply")


class _Statements:
    """The statements of one kind of database; they differ in how a JSON document is read as rows."""

    def __init__(self, *, is_sqlite: bool) -> None:
        learnt = _learnt_rows(is_sqlite=is_sqlite)
        statements = (_record_statement(learnt), _settle_statement(learnt), *_hand_statements(is_sqlite=is_sqlite))
        self.record, self.settle, self.hand, self.left = (
            Composed(statement, is_sqlite=is_sqlite) for statement in statements
        )


def _learnt_rows(*, is_sqlite: bool) -> sa.FromClause:
    document = sa.bindparam("learnt", type_=sa.Text)
    if is_sqlite:
        each = sa.func.json_each(document).table_valued("value", name="each")
        columns = [sa.func.json_extract(each.c.value, sa.literal_column(f"'$.{name}'")).label(name) for name in _LEARNT]
        return sa.select(*columns).subquery("learnt")
    from sqlalchemy.dialects.postgresql import JSONB

    named: list[sa.ColumnClause[Any]] = [sa.column(name, kind) for name, kind in _LEARNT.items()]
    rows = sa.func.jsonb_to_recordset(sa.cast(document, JSONB)).table_valued(*named, name="learnt")
    return rows.render_derived(with_types=True)


def _record_statement(learnt: sa.FromClause) -> sa.Insert:
    rows = sa.select(*(learnt.c[name] for name in _RECORDED)).where(learnt.c.counted == 1)
    return sa.insert(attempts).from_select(_RECORDED, rows)


def _settle_statement(learnt: sa.FromClause) -> sa.Update:
    was, first = learnt.c, deliveries.c.first_attempt
    ours = sa.and_(deliveries.c.owner == was.owner, sa.or_(deliveries.c.state == CLAIMED, deliveries.c.state == HANDED))
    # An accepted one is the truth even where our lease ran out meanwhile: nobody shall send it again.
    taken = sa.and_(was.state == ACCEPTED, deliveries.c.state != ACCEPTED)
    counted = was.counted == 1
    return (
        sa.update(deliveries)
        .where(
            deliveries.c.digest == was.digest,
            deliveries.c.day == was.day,
            deliveries.c.subscriber == was.subscriber,
            sa.or_(ours, taken),
        )
        .values(
            state=was.state,
            owner="",
            lease_until=None,
            reply=sa.case((counted, was.reply), else_=deliveries.c.reply),
            due=sa.case((counted, was.due), else_=deliveries.c.due),
            attempts=deliveries.c.attempts + was.counted,
            first_attempt=sa.case((counted, sa.func.coalesce(first, was.at)), else_=first),
            changed=was.at,
        )
    )


def _hand_statements(*, is_sqlite: bool) -> tuple[sa.Update, sa.Update]:
    digest, day = sa.bindparam("of_digest", type_=sa.Text), sa.bindparam("of_day", type_=sa.Text)
    claims = sa.and_(
        deliveries.c.digest == digest,
        deliveries.c.day == day,
        deliveries.c.owner == sa.bindparam("of_owner", type_=sa.Text),
        deliveries.c.state == CLAIMED,
        deliveries.c.subscriber.in_(names_in("names", is_sqlite=is_sqlite)),
    )
    stays = sa.exists().where(
        subscribers.c.id == deliveries.c.subscriber, subscribers.c.status == "active", ~suppressed(digest)
    )
    sending = sa.exists().where(editions.c.digest == digest, editions.c.day == day, editions.c.state == SENDING)
    moment = sa.bindparam("moment", type_=sa.BigInteger)
    lease = sa.bindparam("new_lease", type_=sa.BigInteger)
    hand = sa.update(deliveries).where(claims, stays, sending).values(state=HANDED, lease_until=lease, changed=moment)
    left = sa.update(deliveries).where(claims, ~stays)
    return (
        hand.returning(deliveries.c.subscriber),
        left.values(state=SUPPRESSED, owner="", lease_until=None, changed=moment),
    )


_ON = {True: _Statements(is_sqlite=True), False: _Statements(is_sqlite=False)}


def take_turns(connection: Connection, turns: Sequence[Turn]) -> list[bool]:
    """Record what the turns learnt, then hand over what may be; return for each whether its next may be handed over."""
    _record(connection, turns)
    handed: set[tuple[EditionKey, str, str]] = set()
    asking = [turn for turn in turns if turn.following is not None]
    for (key, owner), together in groupby(sorted(asking, key=_whose), key=_whose):
        handed |= {(key, owner, name) for name in _hand(connection, key, owner, list(together))}
    return [turn.following is not None and (turn.key, turn.owner, turn.following) in handed for turn in turns]


def _whose(turn: Turn) -> tuple[EditionKey, str]:
    return turn.key, turn.owner


def _record(connection: Connection, turns: Sequence[Turn]) -> None:
    learnt = [_row(turn, turn.done) for turn in turns if turn.done is not None]
    if learnt:
        statements, document = _ON[connection.dialect.name == "sqlite"], json.dumps(learnt)
        statements.record(connection, learnt=document)
        statements.settle(connection, learnt=document)


def _row(turn: Turn, done: Outcome) -> dict[str, str | int]:
    counted = done.kind is not OutcomeKind.RETURNED
    return {
        "digest": turn.key.digest,
        "day": turn.key.day.isoformat(),
        "subscriber": done.subscriber,
        "owner": turn.owner,
        "state": done.kind.value if counted else PLANNED,
        "outcome": done.kind.value,
        "code": done.code,
        "enhanced": done.enhanced,
        "phase": done.phase,
        "reply": done.reply[:LONGEST_REPLY].replace("\x00", ""),
        "due": to_micros(done.next_attempt) if done.next_attempt else 0,
        "counted": int(counted),
        "at": to_micros(done.at),
    }


def _hand(connection: Connection, key: EditionKey, owner: str, turns: Sequence[Turn]) -> set[str]:
    names = [turn.following for turn in turns if turn.following is not None]
    statements, moment = _ON[connection.dialect.name == "sqlite"], max(turn.moment for turn in turns)
    of = {"of_digest": key.digest, "of_day": key.day.isoformat(), "of_owner": owner}
    lease = min(turn.lease_until for turn in turns)
    rows = statements.hand(connection, **of, names=as_list(names), moment=moment, new_lease=lease)
    handed = {row[0] for row in rows}
    left = [name for name in names if name not in handed]
    if left:
        statements.left(connection, **of, names=as_list(left), moment=moment)
    return handed
