"""`/u/TOKEN`: leaving. A GET changes nothing; a mail provider's one-click POST (RFC 8058) needs no page."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from digest.model import links
from digest.model.mail import SubscriberStatus
from digest.public.forms import form_of, is_own
from digest.public.view import View
from digest.public.words import Words, fixed
from digest.store.readers import Standing
from digest.subscribers.tokens import TokenError

PAUSE = timedelta(days=28)
ONE_CLICK = "One-Click"


class Leaving:
    """The pages of leaving."""

    def __init__(self, view: View) -> None:
        self.view, self.readers = view, view.readers

    async def page(self, request: Request) -> Response:
        """Show the page, or do what its form or a mail provider asks."""
        try:
            subscriber, digest = self.readers.read_token("u", request.path_params["token"])
        except TokenError:
            return self.view.broken_link(request)
        if request.method == "POST":
            return await self._post(request, subscriber, digest)
        return await self._show(request, subscriber, digest)

    async def _post(self, request: Request, subscriber: str, digest: str) -> Response:
        form = await form_of(request)
        if form.one("List-Unsubscribe") == ONE_CLICK:
            # Never limited, and repeats are as good as the first: providers click for many, and more than once.
            await asyncio.wrap_future(self.readers.leave(subscriber, digest, "one-click"))
            return PlainTextResponse("You are unsubscribed.\n")
        if not is_own(request, self.view.publication.public_url):
            return self.view.foreign_post(request)
        action = form.one("action")
        if action in ("leave", "leave-all"):
            source = "unsubscribe page"
            left = "" if action == "leave-all" else digest
            await asyncio.wrap_future(self.readers.leave(subscriber, left, source))
        else:
            stands = await self.view.thread(lambda: self.readers.standing(subscriber))
            changes = None if stands is None else self._less(action, form.all("sections"), digest, stands)
            if action == "stay" and stands is not None and self.readers.may_take_back(stands, digest):
                await self.view.thread(lambda: self.readers.stay(subscriber, digest))
                return await self._show(request, subscriber, digest, told=fixed("You are on the list."))
            if action == "sections" and changes is None:
                none = fixed("Choose at least one section, or unsubscribe.")
                return await self._show(request, subscriber, digest, told=none)
            if changes is not None and stands is not None and stands.gets(digest):
                chosen = changes
                await self.view.thread(lambda: self.readers.choose(subscriber, chosen, "unsubscribe page"))
                kept = fixed("Kept. The next edition is as you chose.")
                return await self._show(request, subscriber, digest, told=kept)
        return await self._show(request, subscriber, digest)

    def _less(self, action: str, asked: tuple[str, ...], digest: str, stands: Standing) -> dict[str, object] | None:
        """Return what "have less of it" changes, or None where it asks for nothing."""
        if action == "sections":
            slugs = [section.slug for section in self.view.settings.sections]
            chosen = tuple(slug for slug in slugs if slug in asked)
            return {"sections": None if len(chosen) == len(slugs) else chosen} if chosen else None
        if action == "pause":
            return {"paused_until": self.readers.today + PAUSE}
        rarer = self._rarer(digest)
        if action == "weekly" and rarer:
            others = [name for name in stands.person.digests if name != digest]
            return {"digests": tuple(dict.fromkeys([*others, rarer]))}
        return None

    def _rarer(self, digest: str) -> str:
        """Return the digest that comes on fewer days than this one, the rarest; "" where there is none."""
        digests = self.view.settings.digests
        days = {each.name: len(each.days) for each in digests}
        rare = [name for name, count in days.items() if count < days.get(digest, 0)]
        return min(rare, key=lambda name: days[name], default="")

    async def _show(self, request: Request, subscriber: str, digest: str, *, told: str = "") -> Response:
        stands = await self.view.thread(lambda: self.readers.standing(subscriber))
        if stands is None:
            return self.view.nobody(request)
        person, language = stands.person, self.view.language(request, stands.person.language)
        common: dict[str, Any] = {"title": self.readers.title(digest), "email": person.email}
        if not stands.gets(digest):
            return self.view.page(
                request,
                "left",
                language=language,
                may_take_back=self.readers.may_take_back(stands, digest),
                status_word=person.status.value,
                others=[each.title for each in self.view.settings.digests if stands.gets(each.name)],
                signup=links.signup_url(self.view.root),
                **common,
            )
        rarer = self._rarer(digest)
        until = person.paused_until
        return self.view.page(
            request,
            "leave",
            language=language,
            told=told,
            sections=[
                (section.slug, section.title, person.sections is None or section.slug in person.sections)
                for section in self.view.settings.sections
            ],
            rarer=self.readers.title(rarer) if rarer and not stands.gets(rarer) else "",
            several=sum(stands.gets(each.name) for each in self.view.settings.digests) > 1,
            pause_until=Words(language).day(self.readers.today + PAUSE),
            paused_until=Words(language).day(until) if until is not None and until > self.readers.today else "",
            preferences=f"{self.view.root}/p/{self.view.wiring.tokens.sign('p', subscriber, digest)}",
            active=person.status is SubscriberStatus.ACTIVE,
            **common,
        )
