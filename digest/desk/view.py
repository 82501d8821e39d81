"""The desk's page as named pieces: after an edit only those are sent that came out different."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from digest.check import in_order
from digest.desk.assets import Assets
from digest.desk.columns import Columns, sentence
from digest.desk.findings import cause_of
from digest.desk.history import history
from digest.desk.inbox import lines_of
from digest.errors import DigestError
from digest.model.desk import Visitor
from digest.model.editions import Edit, EditionState
from digest.templating import fill
from digest.wiring.drafts import Draft, Drafts

FIRST_CANDIDATES = 50  # shown at once; the others follow as the column is read
BUDGET = 102_400  # bytes of encoded HTML where Gmail clips


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a browser has open: it decides how pieces come out."""

    viewer: str
    may_edit: bool
    open: str = ""  # id of the item opened in place
    words: str = ""  # what candidates are searched for


class Pages:
    """Makes the pieces of a draft's page."""

    def __init__(self, drafts: Drafts, assets: Assets) -> None:
        self.drafts, self.assets = drafts, assets
        self.publisher, self.wiring = drafts.publisher, drafts.wiring
        self.zone, self.publication = self.wiring.settings.zone, self.publisher.publication

    def pieces(self, draft: Draft, look: Look) -> Mapping[str, str]:
        """Return the HTML of each piece by its id."""
        return self.drafts.kept(("pieces", draft.key, draft.stamp, look), lambda: self._pieces(draft, look))

    def _pieces(self, draft: Draft, look: Look) -> dict[str, str]:
        columns = Columns(draft, zone=self.zone, language=self.publication.language, viewer=look.viewer)
        values = self._values(draft, look)
        made = {"top": self.fill("top", values)}
        made["tools"] = self.fill("tools", values)
        made["words"] = self.fill("words", values)
        sections = tuple(columns.sections())
        for section in sections:
            made[f"sec-{section.slug}"] = self.fill("section", {**values, "section": section})
        found = columns.candidates(look.words)
        made["candidates"] = self.fill(
            "candidates", {**values, "candidates": found[:FIRST_CANDIDATES], "more": len(found), "words": look.words}
        )
        made["tabs"] = self.fill("tabs", {**values, "count": len(columns.candidates())})
        made["history"] = self.fill("history", {**values, "entries": tuple(history(draft, self.zone, look.viewer))})
        made["inbox"] = self.fill("inbox", {**values, "lines": lines_of(draft.edition, self.publication)})
        return made

    def candidates(self, draft: Draft, look: Look, start: int) -> str:
        """Return the candidates from a place on."""
        columns = Columns(draft, zone=self.zone, language=self.publication.language, viewer=look.viewer)
        found = columns.candidates(look.words)
        end = start + FIRST_CANDIDATES
        values = {"candidates": found[start:end], "more": len(found), "start": end, "words": look.words}
        return self.fill("candidate_rows", {**self._values(draft, look), **values})

    def _values(self, draft: Draft, look: Look) -> dict[str, Any]:
        edition = draft.edition
        return {
            "draft": draft,
            "edition": edition,
            "day": edition.day,
            "base": f"{self.assets.root}/d/{edition.day.isoformat()}",
            "look": look,
            "open": look.open,
            "editable": look.may_edit and draft.record.state in (EditionState.DRAFT, EditionState.APPROVED),
            "publication": self.publication,
            "title": self.publisher.digest.title,
            "state": draft.record.state.value,
            "saved": self._saved(draft),
            "redo": redoable(draft),
            "clock": self.clock_of,
        }

    def _saved(self, draft: Draft) -> str:
        moment = draft.record.edits[-1].at if draft.record.edits else draft.edition.built_at
        return self.clock_of(moment)

    def clock_of(self, moment: datetime) -> str:
        """Return an instant as the clock of the publication's zone shows it."""
        return moment.astimezone(self.zone).strftime("%H:%M")

    def fill(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a template of the desk filled."""
        return fill(self.wiring.templates, f"desk/{name}.html", values)

    def checks(self, draft: Draft, look: Look) -> str:
        """Return what `check` finds, each finding with the item that causes it where that can be told."""
        proof = self.drafts.proof(draft)
        found = [cause_of(finding, draft) for finding in in_order(list(proof.findings))]
        values = {
            "findings": found,
            "errors": len(proof.errors),
            "warnings": sum(each.finding.severity == "warning" for each in found),
            "size": proof.size,
            "budget": BUDGET,
        }
        return self.fill("checks", {**self._values(draft, look), **values})

    def problem(self, problem: DigestError) -> str:
        """Return the piece that says why nothing was changed."""
        fix = f"; {problem.fix}" if problem.fix else ""
        return self.fill("said", {"problem": sentence(f"{problem.what}{fix}"), "clash": None, "said": ""})

    def said(self, edit: Edit) -> str:
        """Return the piece that says, to who cannot see it, what was done."""
        return self.fill("said", {"problem": "", "clash": None, "said": f"Saved: {edit.kind}"})

    def clash(self, other: Edit, edit: Mapping[str, Any], look: Look) -> str:
        """Return the piece that tells of somebody else's edit of the same; both versions are kept."""
        what = {"rewrite": "these words", "drop": "this story’s place"}.get(other.kind, f"the same ({other.kind})")
        words = f"{other.by} changed {what} while you were at it. Both versions are kept."
        clash = {"by": other.by, "words": words, "edit": dict(edit)}
        return self.fill("said", {"problem": "", "clash": clash, "said": ""})

    def page(self, draft: Draft, look: Look, visitor: Visitor) -> str:
        """Return the whole page."""
        pieces = {name.replace("-", "_"): Markup(html) for name, html in self.pieces(draft, look).items()}  # noqa: S704
        sections = [
            Markup(self.pieces(draft, look)[f"sec-{filled.section.slug}"])  # noqa: S704  # escaped when it was filled
            for filled in draft.edition.sections
        ]
        values = {
            **self._values(draft, look),
            "piece": pieces,
            "sections": sections,
            "csrf": visitor.csrf,
            "visitor": visitor,
            "root": self.assets.root,
            "assets": self.assets,
            "day_words": long_day(draft),
        }
        return self.fill("page", values)

    def changed(self, before: Draft | None, after: Draft, look: Look) -> str:
        """Return the pieces of a draft that differ from an earlier one's, each marked to replace the old one."""
        old = self.pieces(before, look) if before is not None else {}
        new = self.pieces(after, look)
        found = [marked(html) for name, html in new.items() if old.get(name) != html]
        return "".join(found)


def marked(html: str) -> str:
    """Return a piece marked so that htmx morphs what stands in the page under its id."""
    head, space, rest = html.lstrip().partition(" ")
    return f'{head} hx-swap-oob="morph"{space}{rest}'


def long_day(draft: Draft) -> str:
    """Return "Monday 23 November"."""
    day = draft.edition.day
    return f"{day:%A} {day.day} {day:%B}"


def redoable(draft: Draft) -> int:
    """Return the sequence of the edit that was taken back last, 0 where there is none."""
    stand = {edit.sequence for edit in draft.standing}
    gone = [int(edit.target) if edit.target.isdigit() else 0 for edit in draft.record.edits if edit.kind == "undo"]
    return next((sequence for sequence in reversed(gone) if sequence and sequence not in stand), 0)
