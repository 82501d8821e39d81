"""The desk's page as named pieces: after an edit only those are sent that came out different."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from digest.check import in_order
from digest.desk.assets import Assets
from digest.desk.columns import Columns, sentence
from digest.desk.findings import cause_of
from digest.desk.findings import lines_of as lines_of_mail
from digest.desk.history import history
from digest.desk.inbox import lines_of
from digest.desk.readers import language_name, reader_choices
from digest.editions.edit_words import did
from digest.errors import DigestError
from digest.model.checked import CLIPPED
from digest.model.desk import Visitor
from digest.model.editions import Edit, EditionState, Sponsor
from digest.model.languages import direction
from digest.render.foreign import other_way
from digest.templating import fill
from digest.wiring.drafts import Draft, Drafts

NEAR = 40  # candidates offered to be joined with an item
READERS_S = 60  # how long the choices of readers are believed
FIRST_CANDIDATES = 50  # shown at once; the others follow as the column is read


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
        columns = self.columns(draft, look)
        every = columns.candidates()
        found = columns.candidates(look.words) if look.words else every
        values = {**self._values(draft, look), "clash": None, "notes": columns.notes()}
        made = {name: self.fill(name, values) for name in ("top", "tools", "words")}
        made |= self._sections(columns, values)
        made["candidates"] = self.fill(
            "candidates", {**values, "candidates": found[:FIRST_CANDIDATES], "more": len(found), "words": look.words}
        )
        made["tabs"] = self.fill("tabs", {**values, "count": len(every), "new": sum(bool(each.new) for each in every)})
        made["history"] = self.fill("history", {**values, "entries": tuple(history(draft, self.zone, look.viewer))})
        made["inbox"] = self.fill("inbox", {**values, "lines": lines_of(draft.edition, self.publication)})
        return made

    def _sections(self, columns: Columns, values: Mapping[str, Any], only: str = "") -> dict[str, str]:
        """Return the pieces of the sections, or of one that holds an item of that id."""
        more: dict[str, Any] = {"choices": (), "near": ()}
        if values["open"]:
            more = {"choices": columns.choices(), "near": columns.candidates()[:NEAR]}
        more["titles"] = [filled.section for filled in columns.edition.sections]
        return {
            f"sec-{section.slug}": self.fill("section", {**values, **more, "section": section})
            for section in columns.sections()
            if not only or any(card.id == only for card in section.cards)
        }

    def columns(self, draft: Draft, look: Look) -> Columns:
        """Return a draft laid out for whoever looks."""
        return Columns(draft, zone=self.zone, language=self.publication.language, viewer=look.viewer)

    def candidates(self, draft: Draft, look: Look, start: int) -> str:
        """Return the candidates from a place on."""
        found = self.columns(draft, look).candidates(look.words)
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
            "run_of": run_of,
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
        lines = lines_of_mail(proof)
        found = [cause_of(finding, draft, lines) for finding in in_order(list(proof.findings))]
        values = {
            "findings": found,
            "errors": len(proof.errors),
            "warnings": sum(each.finding.severity == "warning" for each in found),
            "size": proof.size,
            "budget": CLIPPED,
        }
        return self.fill("checks", {**self._values(draft, look), **values})

    def problem(self, problem: DigestError) -> str:
        """Return the piece that says why nothing was changed."""
        # Options are the terminal's; here there is a field.
        fix = f"; {problem.fix.partition(' with --')[0]}" if problem.fix else ""
        return self.fill("said", {"problem": sentence(f"{problem.what}{fix}"), "clash": None, "said": ""})

    def said(self, draft: Draft) -> str:
        """Return the piece that says, to who cannot see it, what the last edit did."""
        edits = draft.record.edits
        done = did(edits[-1], draft.edition, edits, draft.record.base)
        done = done.replace(f" that {edits[-1].by} ", " that you ", 1)
        return self.fill("said", {"problem": "", "clash": None, "said": f"Saved: you {done}."})

    def clash(self, draft: Draft, other: Edit, mine: Mapping[str, Any], look: Look) -> str:
        """Return the piece that tells, under its item, of somebody else's edit of the same; both versions are kept.

        ``mine`` are the fields of the edit that was not kept.
        """
        columns = self.columns(draft, look)
        card = columns.card(other.target) if other.target else None
        names = [name for name in ("kicker", "headline", "teaser", "text") if name in mine]
        versions = [(name, mine[name], str(other.value.get(name, ""))) for name in names if name in other.value]
        clash = {
            "target": card.id if card is not None else "",
            "by": other.by,
            "words": f"{_changed(other, draft, [name for name, *_ in versions])} Both versions are kept.",
            "edit": dict(mine),
            "theirs": {name: str(other.value[name]) for name, *_ in versions},
            "versions": versions or [("What was done", mine["kind"], other.kind)],
        }
        values = {**self._values(draft, look), "clash": clash, "notes": columns.notes()}
        if card is not None:
            return marked(next(iter(self._sections(columns, values, card.id).values())))
        return marked(self.fill("words", values))

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
            "turned": direction(other_way(self.publication.language)),
            "language_name": language_name(self.publication.language),
            "readers": self.drafts.kept(
                ("readers", int(time.monotonic() // READERS_S)), lambda: reader_choices(self.drafts)
            ),
        }
        return self.fill("page", values)

    def changed(self, before: Draft | None, after: Draft, look: Look, *, was: Look | None = None) -> str:
        """Return the pieces of a draft that differ from an earlier one's, each marked to replace the old one.

        ``was`` is what the browser had open then, where that was something else.
        """
        old = self.pieces(before, was or look) if before is not None else {}
        new = self.pieces(after, look)
        found = [marked(html) for name, html in new.items() if old.get(name) != html]
        return "".join(found)


def run_of(sponsor: Sponsor) -> str:
    """Return the days a sponsor runs, as a clause."""
    start, until = (f"{day.day} {day:%B}" if day else "" for day in (sponsor.start, sponsor.until))
    if start and until:
        return f", {start} to {until}"
    return f", until {until}" if until else f", since {start}" if start else ""


def _changed(other: Edit, draft: Draft, typed: Sequence[str]) -> str:
    """Say what somebody else did: "Jonne changed this headline while you were typing."."""
    if not typed:
        return f"{other.by} {did(other, draft.edition, draft.record.edits, draft.record.base)} while you were at it."
    what = f"this {' and '.join(typed)}" if other.kind == "rewrite" else f"the {other.kind}"
    return f"{other.by} changed {what} while you were typing."


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
