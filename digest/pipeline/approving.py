"""Draft → approved: render, check, encode, freeze. What was previewed is what is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from digest.check import check_mail, found
from digest.check.items import check_items
from digest.editions.revise import apply
from digest.errors import ApprovalNeeded, ContentError, UsageError
from digest.mail.parts import Contents, encode, encoded_size, wire_size
from digest.model.checked import Mail, Rule
from digest.model.editions import (
    RESTORED,
    Edition,
    EditionRecord,
    EditionState,
    Finding,
    Publication,
    Rendered,
    SentEvent,
)
from digest.model.mail import EditionKey, Parts
from digest.model.pieces import join, split
from digest.pipeline.approve_bar import Seen, refuse_stale
from digest.pipeline.no_edition import no_edition
from digest.pipeline.pictures import with_known_pictures
from digest.ports import ApprovalStore, Clock, EditionStore, PictureStore
from digest.render.context import LONGEST_HEADLINE, LONGEST_TEASER
from digest.render.fit import BUDGET, fit
from digest.templating.counting import counted

HEAVY = 2_000_000  # bytes of a message with its pictures; half of what phones load without being asked

Render = Callable[[Edition, int, str], Rendered]
"""Renders an edition with its number in a language; bound to theme and templates by wiring."""


@dataclass(frozen=True, kw_only=True)
class Version:
    """An edition in one language: rendered and encoded."""

    rendered: Rendered
    parts: Parts

    @property
    def size(self) -> int:
        """Bytes of the whole HTML part, encoded."""
        return encoded_size(self.parts)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """An edition as it would go out: rendered in each language, encoded and checked."""

    edition: Edition
    number: int
    versions: tuple[Version, ...]  # the publication's own language first
    findings: tuple[Finding, ...]

    @property
    def rendered(self) -> Rendered:
        """What was rendered in the publication's own language."""
        return self.versions[0].rendered

    @property
    def parts(self) -> Parts:
        """The parts in the publication's own language."""
        return self.versions[0].parts

    @property
    def size(self) -> int:
        """Bytes of the largest language's HTML part, encoded."""
        return max(version.size for version in self.versions)

    @property
    def wire(self) -> int:
        """About the bytes of a whole message in the largest language, embedded pictures included."""
        return max(wire_size(version.parts) for version in self.versions)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that block approval."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


def edition_of(
    record: EditionRecord | None, key: EditionKey, pictures: PictureStore, sizes: Mapping[str, str]
) -> Edition:
    """Return the edition a record stands for, its edits applied and its pictures in place; raise UsageError.

    ``sizes`` are those of the theme's pictures (`pictures.picture_style`).
    """
    if record is None or record.base is None:
        raise no_edition(key, record)
    return with_known_pictures(apply(record.base, record.edits), pictures, sizes)


def languages_of(publication: Publication) -> tuple[str, ...]:
    """Return each language an edition is rendered in, the publication's own first."""
    return tuple(dict.fromkeys((publication.language, *publication.languages)))


def proof(
    edition: Edition,
    *,
    number: int,
    publication: Publication,
    render: Render,
    contents: Contents | None = None,
    rules: Sequence[Rule] = (),
) -> Proof:
    """Return an edition rendered in each language, encoded and checked; raise TemplateError for a wrong template.

    It is fitted once, to the language that needs most. ``contents`` gives the pictures to embed, ``rules`` are
    the publication's own.
    """
    languages = languages_of(publication)

    def versions(of: Edition, embedded: Contents | None, cuts: tuple[str, ...] = ()) -> tuple[Version, ...]:
        made = [replace(render(of, number, language), cuts=cuts) for language in languages]
        return tuple(
            Version(
                rendered=each,
                parts=encode(each, of, number=number, language=each.language, contents=embedded),
            )
            for each in made
        )

    done = versions(edition, contents)
    if max(version.size for version in done) > BUDGET:
        edition, cuts = fit(edition, lambda shorter: max(version.size for version in versions(shorter, None)))
        done = versions(edition, contents, cuts)
    findings = [finding for version in done for finding in _checked(version, edition, publication, rules)]
    findings += check_items(edition, headline=LONGEST_HEADLINE, teaser=LONGEST_TEASER)
    findings += [*done[0].rendered.findings, *_weight(done)]
    return Proof(edition=edition, number=number, versions=done, findings=tuple(findings))


def _checked(version: Version, edition: Edition, publication: Publication, rules: Sequence[Rule]) -> Iterator[Finding]:
    """Yield what `check` finds in one language; where it is not the publication's own, the place says which."""
    rendered = version.rendered
    inert = inert_slots(rendered, edition)
    html = join(split(rendered.html, rendered.nonce), None, inert)
    text = join(split(rendered.text, rendered.nonce), None, inert)
    findings = check_mail(
        html=html,
        text=text,
        subject=rendered.subject,
        preheader=rendered.preheader,
        publication=publication,
        encoded_size=version.size,
    )
    mail = Mail(html=html, text=text, subject=rendered.subject)
    for finding in (*findings, *(each for rule in rules for each in rule(mail))):
        other = rendered.language != publication.language
        yield replace(finding, where=f"{rendered.language}: {finding.where}") if other else finding


def _weight(versions: Sequence[Version]) -> Iterator[Finding]:
    """Yield a finding where embedded pictures make each message heavy."""
    heaviest = max(wire_size(version.parts) for version in versions)
    if heaviest > HEAVY and any(picture.data for version in versions for picture in version.parts.pictures):
        message = f"each message has {heaviest / 1_000_000:.1f} MB, as its pictures are embedded"
        yield found("message-size", "mail", message)


def inert_slots(rendered: Rendered, edition: Edition) -> dict[str, str]:
    """Return values for every slot that lead nowhere: for previews and checks."""
    return {
        "unsubscribe_url": "https://example.org/u/EXAMPLE",
        "preferences_url": "https://example.org/p/EXAMPLE",
        "email": "reader@example.org",
        "name": "",
        "subject": rendered.subject,
        "preheader": rendered.preheader,
        "stories": counted(rendered.counted.get("stories", {}), len(edition.items), rendered.language),
        "minutes": counted(rendered.counted.get("minutes", {}), reading_minutes(edition), rendered.language),
    }


def reading_minutes(edition: Edition) -> int:
    """Return how long the words of an edition take, in minutes, at 230 a minute; at least one.

    230 is the usual pace of silent reading in English (Brysbaert 2019: 238 for non-fiction).
    """
    words = sum(len(f"{item.headline} {item.teaser}".split()) for item in edition.items)
    return max(1, round(words / 230))


def approve(
    key: EditionKey,
    *,
    publication: Publication,
    editions: EditionStore,
    approvals: ApprovalStore,
    pictures: PictureStore,
    sizes: Mapping[str, str],
    render: Render,
    contents: Contents | None,
    rules: Sequence[Rule] = (),
    by: str,
    clock: Clock,
    seen: Seen | None = None,
) -> EditionRecord:
    """Freeze an edition: its parts are stored, and nothing that changes later changes them.

    An approved edition is returned as it is. ``seen`` is the draft its approver looked at. Raises UsageError without a
    draft, ApprovalNeeded where it holds nothing, ContentError where `check` finds errors, StaleDraft where ``seen`` is
    not what stands, StoreConflict where somebody edits at the same time.
    """
    record = editions.edition(key)
    if record is not None and seen is not None and record.draft != seen.draft:
        refuse_stale(key, seen, record, edition_of(record, key, pictures, sizes))
    if record is not None and record.state in (EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED):
        return record
    if record is not None and record.state is EditionState.SKIPPED and record.reason == RESTORED:
        record = _taken_up(record, key, editions, clock)
    if record is not None and record.state in (EditionState.STOPPED, EditionState.SKIPPED):
        raise UsageError(
            f"the edition of {key.day} is {record.state.value} ({record.reason})", fix="nothing is left to approve"
        )
    edition = edition_of(record, key, pictures, sizes)
    assert record is not None
    if not edition.items:
        raise ApprovalNeeded(
            f"the edition of {key.day} holds no story", fix="fetch and build again, or leave the day out"
        )
    number = record.number or approvals.next_number(key.digest)
    done = proof(edition, number=number, publication=publication, render=render, contents=contents, rules=rules)
    if done.errors:
        raise ContentError("\n".join(_sentence(finding) for finding in done.errors))
    return approvals.approve(
        key,
        [version.parts for version in done.versions],
        events_of(done.edition),
        edits=len(record.edits),
        draft=record.draft,
        by=by,
        now=clock.now(),
    )


def _taken_up(record: EditionRecord, key: EditionKey, editions: EditionStore, clock: Clock) -> EditionRecord:
    """Make an edition that a restore set aside a draft again: a person confirms that it is to be sent."""
    editions.set_state(key, EditionState.DRAFT, among=(EditionState.SKIPPED,), now=clock.now())
    if record.base is None:
        raise UsageError(
            f"the edition of {key.day} was set aside by a restore; it is a draft again, and holds nothing yet",
            fix="run `digest fetch` and `digest build`, look at it, then `digest approve`",
        )
    return replace(record, state=EditionState.DRAFT, reason="")


def _sentence(finding: Finding) -> str:
    fix = f"; {finding.fix}" if finding.fix else ""
    return f"{finding.where}: {finding.message}{fix}"


def events_of(edition: Edition) -> tuple[SentEvent, ...]:
    """Return what an edition tells, to be remembered: later editions do not tell it again."""
    return tuple(
        SentEvent(
            digest=edition.digest,
            day=edition.day,
            lead=item.cluster.lead.id,
            stories=tuple(sorted(story.id for story in item.cluster.stories)),
            sources=item.cluster.sources,
            headline=item.headline,
        )
        for item in edition.items
    )
