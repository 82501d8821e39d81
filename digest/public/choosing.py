"""`/p/TOKEN`: what a reader chose, what is kept of her, and being forgotten."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from digest.model import links
from digest.model.mail import Subscriber
from digest.public.forms import Form, form_of, is_own
from digest.public.view import View
from digest.public.words import SPOKEN, Words, fixed, spoken
from digest.store.readers import Standing
from digest.subscribers.tokens import TokenError

SOURCE = "preferences page"
LONGEST_PAUSE = timedelta(days=366)
LONGEST_NAME = 100


class Mistake(Exception):
    """A choice that cannot be kept; its text says why and what to do."""


@cache
def zones() -> tuple[str, ...]:
    """Return the time zones one may choose: places, no abbreviations."""
    areas = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
    return ("UTC", *sorted(name for name in available_timezones() if name.partition("/")[0] in areas))


class Choosing:
    """The pages of preferences and own data."""

    def __init__(self, view: View) -> None:
        self.view, self.readers, self.settings = view, view.readers, view.settings

    async def page(self, request: Request) -> Response:
        """Show the preferences, or keep what was chosen."""
        found = await self._owner(request)
        if isinstance(found, Response):
            return found
        if request.method != "POST":
            return await self._show(request, found)
        form = await form_of(request)
        if not is_own(request, self.view.publication.public_url):
            return self.view.foreign_post(request)
        try:
            changes = self._changes(form, found)
        except Mistake as mistake:
            return await self._show(request, found, mistake=str(mistake))
        await self.view.thread(lambda: self.readers.choose(found.person.id, changes, SOURCE))
        return RedirectResponse(f"{self._here(request)}?saved=1", status_code=303)

    async def data(self, request: Request) -> Response:
        """Return everything kept of the reader as JSON."""
        found = await self._owner(request)
        if isinstance(found, Response):
            return found
        document = await self.view.thread(lambda: self.readers.known(found.person))
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
        body = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        return Response(body, media_type="application/json", headers=headers)

    async def erase(self, request: Request) -> Response:
        """Ask whether to forget the reader, and do it."""
        found = await self._owner(request)
        if isinstance(found, Response):
            return found
        language = self.view.language(request, found.person.language)
        posted = request.method == "POST"
        form = await form_of(request)
        if posted and not is_own(request, self.view.publication.public_url):
            return self.view.foreign_post(request)
        if not posted or form.one("sure") != "yes":
            values: dict[str, Any] = {"email": found.person.email, "back": self._here(request)}
            return self.view.page(request, "erase", language=language, status=422 if posted else 200, **values)
        await self.view.thread(lambda: self.readers.erase(found.person.email_key))
        return self.view.message(
            request,
            fixed("You are forgotten"),
            fixed("Your data is erased. What remains is a mark that cannot be read back and keeps your address away."),
            status=200,
            language=language,
        )

    def _here(self, request: Request) -> str:
        return f"{self.view.root}/p/{request.path_params['token']}"

    async def _owner(self, request: Request) -> Standing | Response:
        try:
            subscriber, _ = self.readers.read_token("p", request.path_params["token"])
        except TokenError:
            return self.view.broken_link(request)
        stands = await self.view.thread(lambda: self.readers.standing(subscriber))
        if stands is None:
            return self.view.nobody(request)
        return stands

    def _changes(self, form: Form, stands: Standing) -> dict[str, Any]:
        """Return what the form chooses; raise Mistake."""
        slugs = [section.slug for section in self.settings.sections]
        sections = form.chosen("sections", slugs)
        if not sections:
            raise Mistake(fixed("Choose at least one section, or unsubscribe."))
        names = [each.name for each in self.settings.digests]
        digests = form.chosen("digests", names) if len(names) > 1 else stands.person.digests
        if not digests:
            raise Mistake(fixed("Choose at least one digest, or unsubscribe."))
        language, zone = spoken(form.one("language")), form.one("time_zone")
        return {
            "name": form.one("name", LONGEST_NAME),
            "sections": None if len(sections) == len(slugs) else sections,
            "digests": digests,
            "weekdays_only": form.one("weekdays_only") == "yes",
            "format": "text" if form.one("format") == "text" else "html",
            "language": language or stands.person.language,
            "time_zone": zone if zone in zones() else "",
            "paused_until": self._pause(form.one("pause")),
        }

    def _pause(self, text: str) -> date | None:
        if not text:
            return None
        try:
            until = date.fromisoformat(text)
        except ValueError:
            raise Mistake(fixed("Write the day of the pause's end as 2026-12-24.")) from None
        if until > self.readers.today + LONGEST_PAUSE:
            raise Mistake(fixed("A pause lasts a year at most."))
        return until if until > self.readers.today else None

    async def _show(self, request: Request, stands: Standing, *, mistake: str = "") -> Response:
        person, today, zone = stands.person, self.readers.today, self.settings.zone
        language = self.view.language(request, person.language)
        known = await self.view.thread(lambda: self.readers.known(person))
        name = next((each for each in person.digests if stands.gets(each)), self.settings.digests[0].name)
        unsubscribe = f"{self.view.root}/u/{self.view.wiring.tokens.sign('u', person.id, name)}"
        return self.view.page(
            request,
            "preferences",
            language=language,
            status=422 if mistake else 200,
            mistake=mistake,
            saved="saved" in request.query_params,
            title=self.view.publication.name,
            person=person,
            sections=[
                (each.slug, each.title, person.sections is None or each.slug in person.sections)
                for each in self.settings.sections
            ],
            digests=[(each.name, each.title, stands.gets(each.name)) for each in self.settings.digests],
            languages=self._languages(language, person.language),
            zones=zones(),
            publication_zone=self.view.publication.time_zone,
            tomorrow=(today + timedelta(days=1)).isoformat(),
            latest=(today + LONGEST_PAUSE).isoformat(),
            pause=person.paused_until.isoformat() if person.paused_until and person.paused_until > today else "",
            known=known,
            since=Words(language).day(stands.created.astimezone(zone).date()),
            agreed=self._agreed(person, language),
            unsubscribe=unsubscribe,
            here=self._here(request),
            signup=links.signup_url(self.view.root),
        )

    def _agreed(self, person: Subscriber, language: str) -> str:
        """Return when a person agreed, in words; as it was kept where that is no time."""
        kept = str(person.consent.get("confirmed_at", ""))
        try:
            return Words(language).moment(datetime.fromisoformat(kept), self.settings.zone)
        except ValueError:
            return kept

    def _languages(self, shown: str, own: str) -> Sequence[tuple[str, str, bool]]:
        chosen = spoken(own) or spoken(self.view.publication.language) or "en"
        return [(tag, Words(shown).language_name(tag), tag == chosen) for tag in SPOKEN]
