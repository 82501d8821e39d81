"""What an editor does at the desk: a form becomes an edit, and the pieces of the page that changed come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from digest.desk.reading import day_of, look_of, visitor_of
from digest.desk.view import Look, Pages
from digest.editions.board import Board
from digest.errors import DigestError, UsageError
from digest.model.desk import Visitor
from digest.model.editions import EDIT_KINDS, Edition
from digest.wiring.drafts import Draft

NAMES = frozenset({
    "section", "reason", "headline", "kicker", "teaser", "text", "after", "by", "name", "label", "url", "placement",
    "source", "image",
})  # fmt: skip
LONGEST = 4_000  # characters of one field


def value_of(form: Mapping[str, Any] | FormData) -> dict[str, Any]:
    """Return the value of an edit from a form's fields; raises UsageError for a place or a boost that is no number."""
    value: dict[str, Any] = {name: str(form[name])[:LONGEST] for name in NAMES if name in form}
    place = str(form.get("place", "")).strip()
    if place:
        if not place.isdigit() or int(place) < 1:
            raise UsageError(f"{place!r} is no place", fix="places begin at 1")
        value["place"] = int(place)
    boost = str(form.get("boost", "")).strip()
    if boost:
        try:
            value["boost"] = float(boost.replace("\N{MINUS SIGN}", "-").replace(",", "."))
        except ValueError:
            raise UsageError(f"{boost!r} is no number", fix="write it as 1.5") from None
    if form.get("remove"):
        value["remove"] = True
    if "with" in form:
        value["with"] = [each for each in str(form["with"]).split() if each]
    return value


class Changes:
    """Answers that change something."""

    def __init__(self, pages: Pages, changed: Callable[[], None] = lambda: None) -> None:
        """Call ``changed`` when something was, or was tried to be."""
        self.pages, self.drafts, self.told = pages, pages.drafts, changed

    async def edit(self, request: Request) -> Response:
        """Keep an edit; return what changed, or what somebody else decided meanwhile."""
        form = dict(await request.form())
        look, visitor = look_of(request, {name: str(each) for name, each in form.items()}), visitor_of(request)
        day = day_of(request)

        request.state.about = f"{day}: {form.get('kind', '')} {form.get('target', '')}".rstrip()

        def make() -> tuple[str, str]:
            before = self.drafts.draft(day)
            if before is None:
                raise UsageError(f"there is no edition of {day}", fix="build it")
            return self._edited(before, form, look, visitor)

        try:
            html, clash = await run_in_threadpool(make)
        except DigestError as problem:
            request.state.about += f" (refused: {problem.what})"
            return HTMLResponse(self.pages.problem(problem), status_code=200, headers={"X-Desk-Problem": "1"})
        finally:
            self.told()
        if not clash:
            return HTMLResponse(html)
        # Whoever was second has it in her browser, and the log of the desk has it too: nothing typed is lost.
        request.state.about += f" (not kept, {clash} was first: {_short(form)})"
        return HTMLResponse(html, headers={"X-Desk-Clash": "1"})

    def _edited(self, before: Draft, form: Mapping[str, Any], look: Look, visitor: Visitor) -> tuple[str, str]:
        kind, target = str(form.get("kind", "")), str(form.get("target", ""))
        if kind not in EDIT_KINDS:
            raise UsageError(f"there is no edit {kind!r}")
        seen = str(form.get("seen", ""))
        known = min(int(seen), len(before.record.edits)) if seen.isdigit() else len(before.record.edits)
        desk = self.drafts.editing(before.key.day, visitor.name)
        value = value_of(form)
        shape = _SHAPES.get(kind)
        if shape is not None:
            value = shape(before.edition, target, value)
        if kind == "add":
            target, value = desk.added(str(value.get("url", "")).strip(), value)
        record, other = desk.change(kind, target, value, seen=known)
        after = self.drafts.of(before.key, record)
        shown = before if known == len(before.record.edits) else None
        html = self.pages.changed(shown, after, look)
        if other is not None:
            return html + self.pages.clash(other, {"kind": kind, "target": target, **_flat(form)}, look), other.by
        return html + self.pages.said(record.edits[-1]), ""


def _short(form: Mapping[str, Any]) -> str:
    """Return the words of a form in one line, for the log."""
    return "; ".join(f"{name} {str(form[name])[:200]!r}" for name in NAMES if form.get(name))


def _flat(form: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form that make an edit, to be sent again."""
    return {name: str(each) for name, each in form.items() if name in NAMES | {"place", "boost", "with", "remove"}}


def _split(edition: Edition, target: str, value: dict[str, Any]) -> dict[str, Any]:
    """Name what stays behind, so that a base built later knows the split."""
    found = Board(edition).find(target)
    apart = {target, *value.get("with", ())}
    stories = found[1].cluster.stories if found is not None else ()
    return {**value, "from": [story.id for story in stories if story.id not in apart]}


def _related(edition: Edition, target: str, value: dict[str, Any]) -> dict[str, Any]:
    """Read the lines of the field, "headline | address | source" each."""
    lines = []
    for line in str(value.get("text", "")).splitlines():
        if line.strip():
            headline, url, source = [*(part.strip() for part in line.split("|")), "", ""][:3]
            lines.append({"headline": headline, "url": url, "source": source})
    return {"related": lines}


_SHAPES: dict[str, Callable[[Edition, str, dict[str, Any]], dict[str, Any]]] = {"split": _split, "related": _related}
