"""What operators were told last, by topic: a change of state is told once, whoever finds it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from digest.dates import to_micros
from digest.store.engine import Store
from digest.store.house_tables import alarms
from digest.store.stories import insert


class Alarms:
    """The state of each topic."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def change(self, topic: str, state: str, *, now: datetime) -> tuple[str, int]:
        """Set a topic's state; return the state before and how often it has changed by now."""
        with self.store.write() as connection:
            query = sa.select(alarms.c.state, alarms.c.number).where(alarms.c.topic == topic)
            row = connection.execute(query if self.store.is_sqlite else query.with_for_update()).one_or_none()
            before, number = ("", 0) if row is None else (str(row.state), int(row.number))
            if before == state:
                return before, number
            values = {"state": state, "number": number + 1, "changed": to_micros(now)}
            new = insert(self.store, alarms).values(topic=topic, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["topic"], set_=values))
        return before, number + 1

    def states(self) -> dict[str, str]:
        """Return every topic's state."""
        with self.store.read() as connection:
            return {row.topic: row.state for row in connection.execute(sa.select(alarms.c.topic, alarms.c.state))}
