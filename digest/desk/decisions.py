"""What an editor decides of the whole edition, and the bar that says how it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from digest.desk.assets import Assets
from digest.desk.findings import said_of
from digest.desk.live import Live
from digest.desk.morning import MorningLine, morning_line
from digest.desk.reading import day_of, visitor_of
from digest.errors import ContentError, DigestError, UsageError
from digest.model.counting import count_of
from digest.model.editions import EditionState
from digest.model.mail import EditionKey
from digest.pipeline.approve_bar import ApproveBar, Seen, StaleDraft, hours, place_of
from digest.templating import fill
from digest.wiring.deciding import Deciding
from digest.wiring.drafts import Draft, Drafts
from digest.wiring.editing import Editing

ASKED = ("approve", "test", "schedule", "send", "stop", "correct")
VERBS = ("approve", "withdraw", "release", "schedule", "test", "send", "stop", "correct", "build")
LONGEST = 4_000  # characters of a field
DONE = "desk:decided"  # the event that closes a dialog


def zone_of(request: Request) -> ZoneInfo | None:
    """Return the zone of the editor's own clock, as her browser said it; None where it did not, or says nonsense."""
    try:
        return ZoneInfo(request.cookies.get("desk_zone", "").replace("%2F", "/") or "-")
    except (KeyError, ValueError, OSError):
        return None


class Decisions:
    """Answers about the whole edition."""

    def __init__(self, drafts: Drafts, deciding: Deciding, live: Live, *, assets: Assets) -> None:
        self.drafts, self.deciding, self.live, self.assets, self.root = drafts, deciding, live, assets, assets.root
        self.publisher, self.wiring = drafts.publisher, drafts.wiring
        self.zone = self.wiring.settings.zone

    # Looking

    def standing(self, key: EditionKey) -> ApproveBar:
        """Return how an edition stands."""
        draft = self.drafts.draft(key.day)
        return self.deciding.bar(key, lambda: self.drafts.proof(draft) if draft is not None else _never())

    def values(self, request: Request, key: EditionKey) -> dict[str, Any]:
        """Return what the bar's templates are filled with."""
        bar, now, own = self.standing(key), self.wiring.clock.now(), zone_of(request)
        draft = self.drafts.draft(key.day)

        def told(instant: datetime | None) -> str:
            return "" if instant is None else hours(instant, zone=self.zone, own=own, now=now)

        return {
            "bar": bar,
            "warnings": [said_of(finding) for finding in bar.warnings],
            "base": f"{self.root}/d/{key.day.isoformat()}",
            "root": self.root,
            "editor": visitor_of(request).may_edit,
            "visitor": visitor_of(request),
            "opens": told(bar.opens),
            "closes": told(bar.closes),
            "deferred_until": told(bar.deferred_until),
            "place": place_of(self.zone),
            "kilobytes": round(bar.size / 1000),
            "own_hour": self.publisher.digest.time,
            "moved": draft.record.opens if draft is not None else None,
            "seen": Seen.of(draft.record, draft.edition) if draft is not None else None,
            "line": self._line(key, bar, draft, now),
            "page_url": self._page_url(draft),
            "last": bar.counts.total - bar.counts.open,
            "version": draft.record.version[:12] if draft is not None else "",
        }

    def _line(self, key: EditionKey, bar: ApproveBar, draft: Draft | None, now: datetime) -> MorningLine:
        from digest.editions.calendar import opens

        schedule = self.wiring.schedule(self.publisher.digest)
        return morning_line(
            now,
            zone=self.zone,
            opens=opens(key.day, schedule),
            closes=bar.closes,
            built=draft.edition.built_at if draft is not None else None,
        )

    def _page_url(self, draft: Draft | None) -> str:
        from digest.model import links

        base = self.publisher.publication.public_url
        if draft is None or draft.record.published_at is None or not base:
            return ""
        return links.edition_url(base, draft.key.digest, draft.key.day)

    def fill(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a template of the desk filled."""
        return fill(self.wiring.templates, f"desk/{name}.html", dict(values))

    async def bar(self, request: Request) -> Response:
        """Return the bar and the morning line as they stand now."""
        key = self.publisher.key(day_of(request))
        return HTMLResponse(await run_in_threadpool(lambda: self._bar(request, key)))

    def _bar(self, request: Request, key: EditionKey) -> str:
        values = self.values(request, key)
        return self.fill("bar", {**values, "oob": True}) + self.fill("morning", {**values, "oob": True})

    async def ask(self, request: Request) -> Response:
        """Return what a dialog asks before something is decided."""
        verb, key = request.path_params["verb"], self.publisher.key(day_of(request))
        if verb not in ASKED:
            raise HTTPException(404, "There is nothing of that name to decide.")

        def make() -> str:
            return self._asked(request, key, verb)

        return HTMLResponse(await run_in_threadpool(make))

    def _asked(self, request: Request, key: EditionKey, verb: str, **more: Any) -> str:
        draft = self.drafts.draft(key.day)
        items = list(enumerate(draft.edition.items, 1)) if draft is not None and verb == "correct" else []
        address = next(iter(self.publisher.publication.editors), "")
        values = {**self.values(request, key), "verb": verb, "items": items, "address": address, "problem": "", **more}
        return self.fill("decide", values)

    async def events(self, request: Request) -> Response:
        """Return the stream of what happens to the edition from now on."""
        return self.live.answer(request, self.publisher.key(day_of(request)), visitor_of(request))

    # Deciding

    async def approve(self, request: Request) -> Response:
        """Freeze the draft that was looked at; one that has become another is refused with what changed."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            record = self.deciding.approve(key, _seen(form), by)
            request.state.about = f"{key.digest} {key.day}: draft {record.draft} as No. {record.number}"
            return f"Approved as No. {record.number}."

        return await self._decided(request, "approve", decide)

    async def withdraw(self, request: Request) -> Response:
        """Take an approval back, or hold a draft."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            before = self.deciding.withdraw(key, by)
            return (
                "Withdrawn; it is a draft again." if before is EditionState.APPROVED else "Held until you approve it."
            )

        return await self._decided(request, "withdraw", decide)

    async def release(self, request: Request) -> Response:
        """End a hold."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            self.deciding.release(key)
            return "The hold is over."

        return await self._decided(request, "withdraw", decide)

    async def schedule(self, request: Request) -> Response:
        """Move the hour of the hand-over."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            wanted = self.deciding.move(key, "" if form.get("own") else form.get("at", ""))
            return f"Hand-over begins at {wanted:%H:%M}." if wanted is not None else "It keeps its own hour."

        return await self._decided(request, "schedule", decide)

    async def test(self, request: Request) -> Response:
        """Send one copy."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            address = form.get("address", "").strip()
            if not address:
                raise UsageError("an address is missing", fix="write where the copy goes")
            return self.deciding.test(key, address)

        return await self._decided(request, "test", decide)

    async def send(self, request: Request) -> Response:
        """Begin to hand over now."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            self.deciding.send(key)
            return "The hand-over has begun."

        return await self._decided(request, "send", decide)

    async def stop(self, request: Request) -> Response:
        """Stop for good."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            left = self.deciding.stop(key, by).counts.expired
            request.state.about = f"{key.digest} {key.day}: {left} will not get it"
            return f"Stopped. {count_of(left, 'reader')} will not get this edition."

        return await self._decided(request, "stop", decide)

    async def correct(self, request: Request) -> Response:
        """Correct what was sent: new words and a note on the edition's page."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            words = ("text", "headline", "teaser")
            value = {name: form[name].strip()[:LONGEST] for name in words if form.get(name, "").strip()}
            if "text" not in value:
                raise UsageError("what was wrong is not said", fix="readers of the page are told")
            Editing(self.publisher, key.day, by=by).make("correct", form.get("target", ""), value)
            return "Corrected; the page says so."

        return await self._decided(request, "correct", decide)

    async def build(self, request: Request) -> Response:
        """Read the feeds again and build the draft of today."""

        def decide(key: EditionKey, form: Mapping[str, str], by: str) -> str:
            if key != self.publisher.key():
                raise UsageError(f"{key.day} is not today", fix="only today's edition is built")
            with self.wiring.locks.hold(key.digest, wait_s=5):
                self.publisher.fetch()
                report = self.publisher.build(key.day)
            return f"Built from {count_of(report.edition.health.stories, 'story')}."

        answer = await self._decided(request, "build", decide)
        if request.headers.get("hx-request") or answer.status_code >= 400:
            return answer
        return RedirectResponse(f"{self.root}/d/{request.path_params['day']}/", status_code=303)

    async def _decided(
        self, request: Request, verb: str, decide: Callable[[EditionKey, Mapping[str, str], str], str]
    ) -> Response:
        """Decide something, and answer with how the edition stands then, or with why it was refused."""
        key, by = self.publisher.key(day_of(request)), visitor_of(request).name
        form = {name: str(value) for name, value in (await request.form()).items()}
        request.state.about = f"{key.digest} {key.day}"

        def make() -> Response:
            try:
                said = decide(key, form, by)
            except StaleDraft as stale:
                return HTMLResponse(self._asked(request, key, "stale", stale=stale), status_code=409)
            except DigestError as problem:
                status = 422 if isinstance(problem, UsageError | ContentError) else 409
                asked = verb if verb in ASKED else "refused"
                return HTMLResponse(self._asked(request, key, asked, problem=str(problem)), status_code=status)
            values = {**self.values(request, key), "said": said}
            html = self._bar(request, key) + self.fill("told", values)
            told = {DONE: {"verb": verb, "said": said}}
            return HTMLResponse(html, headers={"HX-Trigger": json.dumps(told)})

        response = await run_in_threadpool(make)
        self.live.wake()
        return response


def _seen(form: Mapping[str, str]) -> Seen:
    try:
        draft, edits = int(form.get("draft", "")), int(form.get("edits", "0"))
    except ValueError:
        raise UsageError("which draft is meant is not said", fix="load the page again") from None
    return Seen(draft=draft, edits=edits, leads=tuple(form.get("leads", "").split()))


def _never() -> NoReturn:
    raise UsageError("there is nothing to check", fix="build the edition")
