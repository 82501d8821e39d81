"""The edition's column and the candidates' as plain values for the templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from digest.desk.values import (
    CandidateView,
    CardChoice,
    CardView,
    GoneView,
    NoteView,
    SectionColumn,
    SourceView,
    Tag,
    TermView,
)
from digest.editions.board import tells
from digest.editions.rearrange import text
from digest.model.editions import Edit, FilledSection, Item, Passed, Related, Score
from digest.model.languages import direction
from digest.model.news import Cluster, Story
from digest.render.context import clock_time, duration
from digest.render.foreign import language_of
from digest.wiring.drafts import Draft

TOLD = "in the edition of "  # how the reason of what an earlier edition had begins
ALIKE = "much like “"
BAR = 40  # pixels of the bar of the best score


class Columns:
    """Lays a draft out for one person."""

    def __init__(self, draft: Draft, *, zone: ZoneInfo, language: str, viewer: str) -> None:
        self.draft, self.zone, self.language, self.viewer = draft, zone, language, viewer
        self.edition = draft.edition
        self.standing = draft.standing
        self.best = max((abs(item.score.total) for item in self.edition.items), default=0.0) or 1.0

    def who(self, name: str) -> str:
        """Return somebody's name as the viewer reads it."""
        return "you" if name == self.viewer else name

    def sections(self) -> Iterator[SectionColumn]:
        """Yield every section in the order of the mail."""
        number = 1
        for filled in self.edition.sections:
            slug = filled.section.slug
            yield SectionColumn(
                slug=slug,
                title=filled.section.title,
                style=filled.section.style,
                quota=filled.section.stories,
                cards=tuple(self._card(item, filled, number + at, at + 1) for at, item in enumerate(filled.items)),
                gone=tuple(self._gone(filled)),
                sponsors=tuple(each for each in self.edition.sponsors if each.placement == slug),
                notes=self.notes(slug),
            )
            number += len(filled.items)

    def notes(self, after: str = "") -> tuple[NoteView, ...]:
        """Return the notes after a section, those under the intro without one."""
        wrote = [edit for edit in self.standing if edit.kind == "note" and not edit.target]
        by = {(text(edit.value, "text"), text(edit.value, "after")): edit.sequence for edit in wrote}
        return tuple(
            NoteView(text=note.text, sequence=by.get((note.text, note.after), 0))
            for note in self.edition.notes
            if note.after == after
        )

    def card(self, story_id: str) -> CardView | None:
        """Return the item that holds a story, None where it is not among the chosen ones."""
        for column in self.sections():
            for card in column.cards:
                if card.id == story_id or any(story.id == story_id for story in card.stories):
                    return card
        return None

    def _card(self, item: Item, filled: FilledSection, number: int, place: int) -> CardView:
        lead = item.cluster.lead
        language = language_of(item.headline, lead.language, self.language)
        return CardView(
            id=lead.id,
            number=number,
            place=place,
            section=filled.section.slug,
            headline=item.headline,
            kicker=item.kicker,
            teaser=item.teaser,
            received=lead,
            rewritten=(item.headline, item.kicker, item.teaser) != (lead.headline, lead.kicker, lead.teaser),
            source=lead.source or lead.feed_name,
            time=duration(lead.duration_s) + " long" if lead.duration_s else self.time_of(lead),
            sources=len(item.cluster.sources),
            tags=tuple(self._tags(item)),
            bar=round(BAR * max(0.0, item.score.total) / self.best),
            score=f"{item.score.total:.2f}",
            pinned=item.pinned,
            pin=self._pin(item),
            reason=item.reason,
            terms=terms_of(item.score),
            stories=tuple(self._stories(item)),
            by_hand=_by_hand(item),
            note=item.note,
            language=language,
            direction=direction(language) if language else "",
            url=lead.url,
        )

    def time_of(self, story: Story) -> str:
        """Return a story's time as the mail shows it, or that there is none."""
        shown = clock_time(story.published, story.date_note, self.edition.day, self.zone, self.language)
        return shown or "no time given"

    def new_since(self, cluster: Cluster) -> str:
        """Return when an event came that the day's first draft could not know, as "06:38"; "" for any other."""
        first = self.edition.first_built_at
        seen = [story.seen for story in cluster.stories if story.seen is not None]
        if first is None or not seen or min(seen) <= first:
            return ""
        return min(seen).astimezone(self.zone).strftime("%H:%M")

    def _tags(self, item: Item) -> Iterator[Tag]:
        mine = [edit for edit in self.standing if edit.target and tells(item.cluster, edit.target)]
        if item.pinned:
            yield Tag(kind="pin", text="Pinned" if any(edit.kind == "pin" for edit in mine) else "Added")
        rewrites = [edit for edit in mine if edit.kind in ("rewrite", "correct")]
        if rewrites:
            word = "Corrected" if rewrites[-1].kind == "correct" else "Rewritten"
            yield Tag(kind="ed", text=f"{word} by {self.who(rewrites[-1].by)}")
        if new := self.new_since(item.cluster):
            yield Tag(kind="new", text=f"New, {new}")
        if item.update_of:
            yield Tag(kind="up", text=f"Update of {day_word(date.fromisoformat(item.update_of), self.edition.day)}")

    def _pin(self, item: Item) -> int:
        """Return the sequence of the pin that holds an item, 0 where none does."""
        held = [edit for edit in self.standing if edit.kind == "pin" and tells(item.cluster, edit.target)]
        return held[-1].sequence if held and item.pinned else 0

    def _stories(self, item: Item) -> Iterator[SourceView]:
        shown = {line.url for line in item.related}
        lead = item.cluster.lead
        ordered = [lead, *(story for story in item.cluster.stories if story.id != lead.id)]
        for story in ordered:
            yield self._source(story, "lead" if story.id == lead.id else "", shown=story.url in shown)
        for copy in item.cluster.duplicates:
            yield self._source(copy.story, "copy", shown=False)

    def _source(self, story: Story, role: str, *, shown: bool) -> SourceView:
        language = language_of(story.headline, story.language, self.language)
        source = story.source or story.feed_name
        line = Related(headline=story.headline, url=story.url, source=source, language=story.language)
        return SourceView(
            id=story.id,
            headline=story.headline,
            url=story.url,
            about=f"{source}, {self.time_of(story)}" if source else self.time_of(story),
            role=role,
            line=line if story.url and not role else None,
            shown=shown,
            language=language,
            direction=direction(language) if language else "",
        )

    def _gone(self, filled: FilledSection) -> Iterator[GoneView]:
        for edit, passed in self.dropped():
            if not any(passed is each for each in filled.passed):
                continue
            lead = passed.cluster.lead
            time = edit.at.astimezone(self.zone).strftime("%H:%M")
            yield GoneView(
                id=lead.id,
                headline=lead.headline,
                kicker=lead.kicker,
                by=self.who(edit.by),
                time=time,
                sequence=edit.sequence,
            )

    def dropped(self) -> Iterator[tuple[Edit, Passed]]:
        """Yield each drop that counts with what it took out, wherever it is passed over now."""
        last = {edit.target: edit for edit in self.standing if edit.kind in ("drop", "pin")}
        for edit in last.values():
            if edit.kind != "drop":
                continue
            for filled in self.edition.sections:
                for passed in filled.passed:
                    if tells(passed.cluster, edit.target):
                        yield edit, passed

    def candidates(self, words: str = "") -> tuple[CandidateView, ...]:
        """Return what was passed over, best first, without what was dropped; ``words`` must all be in it."""
        gone = {id(passed) for _, passed in self.dropped()}
        wanted = words.casefold().split()
        found: dict[str, CandidateView] = {}
        for filled in self.edition.sections:
            for passed in filled.passed:
                if id(passed) in gone or not _fits(passed.cluster, wanted):
                    continue
                view = self._candidate(passed, filled)
                found.setdefault(view.id, view)
        return tuple(sorted(found.values(), key=lambda each: (-each.value, each.id)))

    def _candidate(self, passed: Passed, filled: FilledSection) -> CandidateView:
        lead = passed.cluster.lead
        language = language_of(lead.headline, lead.language, self.language)
        told = passed.reason.removeprefix(TOLD) if passed.reason.startswith(TOLD) else ""
        return CandidateView(
            id=lead.id,
            section=filled.section.slug,
            section_title=filled.section.title,
            headline=lead.headline,
            kicker=lead.kicker,
            score=f"{passed.score.total:.2f}",
            value=passed.score.total,
            reason=sentence(passed.reason),
            ran=day_word(date.fromisoformat(told), self.edition.day) if told else "",
            new=self.new_since(passed.cluster),
            source=lead.source or lead.feed_name,
            time=self.time_of(lead),
            sources=len(passed.cluster.sources),
            language=language,
            direction=direction(language) if language else "",
            url=lead.url,
            join=self._alike(passed.reason),
        )

    def choices(self) -> tuple[CardChoice, ...]:
        """Return every item by its place."""
        return tuple(
            CardChoice(id=item.cluster.id, number=number, headline=item.headline)
            for number, item in enumerate(self.edition.items, 1)
        )

    def _alike(self, reason: str) -> CardChoice | None:
        """Return the item a candidate was found too much like."""
        if not reason.startswith(ALIKE):
            return None
        named = reason.removeprefix(ALIKE).partition("”")[0].rstrip("…")
        return next((each for each in self.choices() if each.headline.startswith(named)), None)


def _by_hand(item: Item) -> tuple[Related, ...]:
    told = {story.url for story in item.cluster.stories}
    return tuple(line for line in item.related if line.url not in told)


def _fits(cluster: Cluster, wanted: Sequence[str]) -> bool:
    if not wanted:
        return True
    told = " ".join(
        f"{story.kicker} {story.headline} {story.source} {story.feed_name}" for story in cluster.stories
    ).casefold()
    return all(word in told for word in wanted)


LABELS = {
    "sources": "Sources",
    "source_weight": "Weight of its feed",
    "position": "Place in feed",
    "section": "Section",
    "boost": "By an editor",
}


def terms_of(score: Score) -> tuple[TermView, ...]:
    """Return the contributions of a score as bars, those of nothing left out."""
    told = [term for term in score.terms if abs(term.contribution) >= 0.005]
    longest = max((abs(term.contribution) for term in told), default=1.0)
    return tuple(
        TermView(
            label=LABELS.get(term.name, term.name.replace("_", " ").capitalize()),
            width=round(100 * abs(term.contribution) / longest, 1),
            negative=term.contribution < 0,
            figure=f"{term.contribution:.2f}".replace("-", "\N{MINUS SIGN}"),
        )
        for term in told
    )


def sentence(clause: str) -> str:
    """Return a stored reason as a sentence."""
    return f"{clause[:1].upper()}{clause[1:]}." if clause else ""


def day_word(day: date, today: date) -> str:
    """Return a day as people say it: "yesterday", "Saturday", "12 November"."""
    past = (today - day).days
    if past == 1:
        return "yesterday"
    return day.strftime("%A") if 1 < past < 7 else f"{day.day} {day.strftime('%B')}"
