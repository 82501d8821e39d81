"""What an editor does at the desk: a form becomes an edit, and the pieces of the page that changed come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.desk.forms import again, short, value_of
from digest.desk.preview import shown_of
from digest.desk.reading import day_of, look_of, visitor_of
from digest.desk.view import Look, Pages
from digest.errors import DigestError, UsageError
from digest.model.desk import Visitor
from digest.model.editions import EDIT_KINDS
from digest.wiring.drafts import Draft
from digest.wiring.editing import Editing

# Edits that no picture comes of.
WORDS = frozenset({"rewrite", "related", "note", "intro", "subject", "preheader", "correct"})


class Changes:
    """Answers that change something."""

    def __init__(self, pages: Pages, changed: Callable[[], None] = lambda: None) -> None:
        """Call ``changed`` when something was, or was tried to be."""
        self.pages, self.drafts, self.told = pages, pages.drafts, changed

    async def edit(self, request: Request) -> Response:
        """Keep an edit; return what changed, or what somebody else decided meanwhile."""
        form = {name: str(each) for name, each in (await request.form()).items()}
        look, visitor, day = look_of(request, form), visitor_of(request), day_of(request)

        request.state.about = f"{day}: {form.get('kind', '')} {form.get('target', '')}".rstrip()

        def make() -> Response:
            before = self.drafts.draft(day)
            if before is None:
                raise UsageError(f"there is no edition of {day}", fix="build it")
            return self._edited(before, form, look, visitor)

        answer = await self._answer(request, make)
        if "X-Desk-Clash" in answer.headers:
            # Whoever was second has it in her browser, and the log of the desk has it too: nothing typed is lost.
            request.state.about += f" (not kept, somebody was first: {short(form)})"
        return answer

    async def _answer(self, request: Request, make: Callable[[], Response]) -> Response:
        """Return what ``make`` does in a thread, or in one sentence why it did nothing."""
        try:
            return await run_in_threadpool(make)
        except DigestError as problem:
            request.state.about += f" (refused: {problem.what})"
            return HTMLResponse(self.pages.problem(problem), headers={"X-Desk-Problem": "1"})
        finally:
            self.told()

    def _edited(self, before: Draft, form: Mapping[str, str], look: Look, visitor: Visitor) -> Response:
        kind, target, seen = form.get("kind", ""), form.get("target", ""), form.get("seen", "")
        if kind not in EDIT_KINDS:
            raise UsageError(f"there is no edit {kind!r}")
        made = len(before.record.edits)
        known = min(int(seen), made) if seen.isdigit() else made
        desk = self.drafts.editing(before.key.day, visitor.name)
        value = value_of(kind, target, form, before.edition)
        if kind == "add":
            target, value = desk.added(str(value.get("url", "")).strip(), value)
        record, other = desk.change(kind, target, value, seen=known, record=before.record)
        after = self.drafts.of(before.key, record)
        html = self.pages.changed(self.drafts.at(before.key.day, form.get("stamp", "")), after, look)
        if other is not None:
            mine = {"kind": kind, "target": target, **again(form)}
            return HTMLResponse(html + self.pages.clash(after, other, mine, look), headers={"X-Desk-Clash": "1"})
        wants = {"X-Desk-Pictures": "1"} if kind not in WORDS and self.drafts.wants_pictures(after) else {}
        # The browser asks for the mail next: it is rendered while it still reads this answer.
        ahead = BackgroundTask(shown_of, self.drafts, after, form.get("as", ""))
        return HTMLResponse(html + self.pages.said(after), headers=wants, background=ahead)

    async def pictures(self, request: Request) -> Response:
        """Fetch the pictures that what came in brings along; return what changed."""
        return await self._worked(request, Editing.fetch_pictures)

    async def fill(self, request: Request) -> Response:
        """Compose the edition again from the same news, so that free places are filled; return what changed."""

        def filled(desk: Editing) -> bool:
            base = desk.record.base
            assert base is not None
            self.drafts.publisher.build(desk.key.day, at=base.built_at)
            return True

        return await self._worked(request, filled)

    async def _worked(self, request: Request, work: Callable[[Editing], bool]) -> Response:
        form = {name: str(each) for name, each in (await request.form()).items()}
        look, visitor, day = look_of(request, form), visitor_of(request), day_of(request)

        def make() -> Response:
            before = self.drafts.draft(day)
            if before is None or not work(self.drafts.editing(day, visitor.name)):
                return Response(status_code=204)
            after = self.drafts.draft(day)
            assert after is not None
            return HTMLResponse(self.pages.changed(self.drafts.at(day, form.get("stamp", "")), after, look))

        request.state.about = str(day)
        return await self._answer(request, make)
