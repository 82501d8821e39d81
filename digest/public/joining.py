"""`/signup`, `/signup/form`, `/signup/link`, `/c/TOKEN`: double opt-in, and one's own links by mail."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from digest.config import DigestSettings
from digest.model.mail import SignUp
from digest.public.choosing import LONGEST_NAME
from digest.public.forms import Form, form_of, is_own
from digest.public.view import View
from digest.public.words import Words, fixed
from digest.store.signups import Confirmation
from digest.subscribers.tokens import TokenError

TRAP = "website"  # a field no person sees: who fills it is a program
CONSENT = fixed("I want {title} by mail, and may leave at any time with one click.")
LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3


class Joining:
    """The pages of signing up."""

    def __init__(self, view: View) -> None:
        self.view, self.readers, self.settings = view, view.readers, view.settings

    async def signup(self, request: Request) -> Response:
        """Show the form, or ask the owner of the address by mail."""
        if not self.view.serve.signup:
            return self.view.message(request, fixed("Nobody can sign up here"), fixed("Ask the publisher."), status=404)
        if request.method != "POST":
            return self._form(request, "signup")
        form, language = await form_of(request), self.view.language(request)
        wait = self.view.wait_s(request)
        if wait > 0:
            return self.view.slow_down(request, wait)
        if not form.one(TRAP):
            try:
                await self.view.thread(lambda: self._ask(form, request, language))
            except ValueError:
                return self._form(request, "signup", email=form.one("email"), mistake=True)
            self.view.wake()
        return self.view.message(
            request,
            fixed("Look into your mailbox"),
            fixed("We sent a mail to the address you entered. Open the link in it, and the next edition is yours."),
            status=200,
        )

    async def form(self, request: Request) -> Response:
        """Show the form alone, to be framed by other sites."""
        return self._form(request, "form", frames=" ".join(self.view.serve.embed_from) or "'none'")

    async def links(self, request: Request) -> Response:
        """Mail a reader her own links; the answer tells nothing of the list."""
        if request.method != "POST":
            return self._page(request, "links")
        form, language = await form_of(request), self.view.language(request)
        wait = self.view.wait_s(request)
        if wait > 0:
            return self.view.slow_down(request, wait)
        if not form.one(TRAP):
            try:
                await self.view.thread(lambda: self.readers.ask_links(form.one("email", LONGEST_ADDRESS), language))
            except ValueError:
                return self._page(request, "links", email=form.one("email"), mistake=True)
            self.view.wake()
        return self.view.message(
            request,
            fixed("Look into your mailbox"),
            fixed("If this address is on the list, its links are on their way to it."),
            status=200,
        )

    async def confirm(self, request: Request) -> Response:
        """Show a sign-up's button; its POST puts the person on the list."""
        try:
            number, _ = self.readers.read_token("c", request.path_params["token"])
        except TokenError:
            return self.view.broken_link(request)
        asked = await self.view.thread(lambda: self.readers.signup(number))
        if asked is None or (asked.confirmed_at is None and not self.readers.is_open(asked)):
            return self._too_old(request)
        language = self.view.language(request, asked.language)
        if asked.confirmed_at is not None:
            return await self._used(request, language, asked)
        title = self.readers.title(asked.digests[0]) if len(asked.digests) == 1 else self.view.publication.name
        if request.method != "POST":
            return self.view.page(request, "confirm", language=language, title=title, email=asked.email)
        await form_of(request)
        if not is_own(request, self.view.publication.public_url):
            return self.view.foreign_post(request)
        done, subscriber = await self.view.thread(lambda: self.readers.confirm(asked))
        if done is Confirmation.USED:
            return await self._used(request, language, asked)
        if done is not Confirmation.CONFIRMED:
            return self._too_old(request)
        preferences = f"{self.view.root}/p/{self.view.wiring.tokens.sign('p', subscriber, asked.digests[0])}"
        return self.view.page(
            request, "joined", language=language, title=title, email=asked.email, preferences=preferences
        )

    async def _used(self, request: Request, language: str, asked: SignUp) -> Response:
        said, link = fixed("It puts nobody on the list again. If you left since, sign up once more."), "signup"
        if await self.view.thread(lambda: self.readers.still_gets(asked)):
            said, link = fixed("You are on the list."), "links"
        return self.view.message(
            request, fixed("This link was already used"), said, status=200, language=language, link=link
        )

    def _too_old(self, request: Request) -> Response:
        return self.view.message(
            request,
            fixed("This link is too old"),
            fixed("Nothing was changed. Sign up once more, and a new link comes."),
            status=410,
            link="signup",
        )

    def _form(
        self, request: Request, name: str, *, email: str = "", mistake: bool = False, frames: str = "'none'"
    ) -> Response:
        return self._page(request, name, email=email, mistake=mistake, frames=frames)

    def _page(
        self, request: Request, name: str, *, email: str = "", mistake: bool = False, frames: str = "'none'"
    ) -> Response:
        language = self.view.language(request)
        digests = self.settings.digests
        return self.view.page(
            request,
            name,
            language=language,
            status=422 if mistake else 200,
            frames=frames,
            title=digests[0].title if len(digests) == 1 else self.view.publication.name,
            digests=[(each.name, each.title, place == 0) for place, each in enumerate(digests)],
            sections=[(each.slug, each.title) for each in self.settings.sections],
            consent=CONSENT,
            trap=TRAP,
            email=email,
            mistake=mistake,
            said=request.query_params.get("lang", ""),
        )

    def _ask(self, form: Form, request: Request, language: str) -> None:
        """Keep what was asked for, with the words it was asked by; raises ValueError for no address."""
        chosen = self._digests(form)
        slugs = [section.slug for section in self.settings.sections]
        sections = form.chosen("sections", slugs)
        title = chosen[0].title if len(self.settings.digests) == 1 else self.view.publication.name
        self.readers.ask(
            form.one("email", LONGEST_ADDRESS),
            name=form.one("name", LONGEST_NAME),
            digests=chosen,
            sections=sections if sections and len(sections) < len(slugs) else None,
            language=language,
            consent={
                "source": f"{self.view.publication.public_url}/signup",
                "text": Words(language).plain(CONSENT).format(title=title),
                "language": language,
            },
        )

    def _digests(self, form: Form) -> list[DigestSettings]:
        names = form.chosen("digests", [each.name for each in self.settings.digests])
        return [each for each in self.settings.digests if each.name in names] or [self.settings.digests[0]]
