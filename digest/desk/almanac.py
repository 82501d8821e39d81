"""The calendar of editions: past, today, and to come; a day without an edition says why."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.desk.decisions import Decisions
from digest.desk.reading import day_of
from digest.model.editions import EditionState
from digest.model.mail import Counts, EditionKey
from digest.pipeline.approve_bar import NOBODY
from digest.pipeline.day_words import DayWords, Run, Stored, of_gap, of_stored
from digest.pipeline.outlook import outlook

Page = Callable[[Request], Awaitable[Response]]
BACK, AHEAD = 31, 8  # days shown
DAY = timedelta(days=1)
_COUNTED = frozenset({EditionState.FINISHED, EditionState.STOPPED, EditionState.SENDING})


class AlmanacPage:
    """The page, and the words of one day."""

    def __init__(self, decisions: Decisions) -> None:
        self.decisions, self.styles = decisions, decisions.assets.styles
        self.publisher, self.wiring = decisions.publisher, decisions.wiring

    async def page(self, request: Request) -> Response:
        """Return the calendar."""
        return HTMLResponse(await run_in_threadpool(self._page))

    def day_page(self, full: Page) -> Page:
        """Return what answers with the page of a day: ``full`` where something was built, else why nothing was."""

        async def answer(request: Request) -> Response:
            key = self.publisher.key(day_of(request))
            if await run_in_threadpool(self.decisions.drafts.draft, key.day) is not None:
                return await full(request)
            return HTMLResponse(await run_in_threadpool(self._empty, request, key))

        return answer

    def _empty(self, request: Request, key: EditionKey) -> str:
        values = self.decisions.values(request, key)
        day = key.day
        return self.decisions.fill(
            "empty",
            {
                **values,
                "styles": self.styles,
                "title": self.publisher.digest.title,
                "day_words": f"{day:%A} {day.day} {day:%B}",
                "may_build": key == self.publisher.key() and values["bar"].state is None,
            },
        )

    def _page(self) -> str:
        digest, now = self.publisher.digest, self.wiring.clock.now()
        today, schedule = self.publisher.key().day, self.wiring.schedule(digest)
        stored = {each.day: each for each in self.wiring.calendar.days(digest.name, limit=2 * BACK)}
        days = outlook(now, schedule, today=stored.get(today), count=AHEAD)
        to_come = [
            DayWords(
                day=each.day,
                kind="due" if each.opens is not None else "off",
                word="Due" if each.opens is not None else "No edition",
                says=f"{each.will[:1].upper()}{each.will[1:]}.",
                has_edition=each.day in stored,
            )
            for each in days
        ]
        shown = [self._row(each) for each in to_come if each.day == today]
        if today in stored:
            standing = of_stored(stored[today], self._counts(stored[today]), now=now, schedule=schedule)
            waits = shown and standing.kind in ("draft", "approved")
            shown = [self._row(replace(standing, says=shown[0]["says"] if waits else standing.says))]
        values = {
            "title": digest.title,
            "root": self.decisions.root,
            "styles": self.styles,
            "today": shown,
            "upcoming": [self._row(each) for each in to_come if each.day > today],
            "past": [self._row(each) for each in self._past(today)],
        }
        return self.decisions.fill("calendar", values)

    def _past(self, today: date) -> Iterator[DayWords]:
        name, now = self.publisher.digest.name, self.wiring.clock.now()
        schedule = self.wiring.schedule(self.publisher.digest)
        stored = {each.day: each for each in self.wiring.calendar.days(name, limit=2 * BACK) if each.day < today}
        first = min(stored, default=today)
        runs = tuple(_run(row) for row in self.wiring.runs.recent(name, limit=20 * BACK))
        for back in range(1, BACK + 1):
            day = today - back * DAY
            if day < first:
                return
            if day in stored:
                yield of_stored(stored[day], self._counts(stored[day]), now=now, schedule=schedule)
            elif (gap := of_gap(day, runs, schedule=schedule)) is not None:
                yield gap

    def _counts(self, stored: Stored) -> Counts:
        key = EditionKey(self.publisher.digest.name, stored.day)
        return self.wiring.ledger.counts(key) if stored.state in _COUNTED else NOBODY

    def _row(self, each: DayWords) -> dict[str, Any]:
        link = f"{self.decisions.root}/d/{each.day.isoformat()}/" if each.has_edition else ""
        name = f"{each.day:%A} {each.day.day} {each.day:%B}"
        return {"name": name, "link": link, **{key: getattr(each, key) for key in ("kind", "word", "says", "number")}}


def _run(row: dict[str, Any]) -> Run:
    lines = json.loads(row["summary"]).get("lines", [])
    return Run(day=date.fromisoformat(row["day"]), exit_code=row["exit_code"], lines=tuple(lines))
