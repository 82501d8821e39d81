"""Draft → approved: render, check, encode, freeze. What was previewed is what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from digest.check import check_mail
from digest.editions.revise import apply
from digest.errors import ApprovalNeeded, ContentError, UsageError
from digest.mail.parts import encode, encoded_size
from digest.model.editions import Edition, EditionRecord, EditionState, Finding, Publication, Rendered, SentEvent
from digest.model.mail import EditionKey, Parts
from digest.model.pieces import join, split
from digest.pipeline.pictures import with_known_pictures
from digest.ports import ApprovalStore, Clock, EditionStore, PictureStore
from digest.render.fit import BUDGET, fit
from digest.templating.counting import counted

Render = Callable[[Edition, int, str], Rendered]
"""Renders an edition with its number in a language; bound to theme and templates by wiring."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """An edition as it would go out: rendered, encoded and checked."""

    edition: Edition
    number: int
    rendered: Rendered
    parts: Parts
    findings: tuple[Finding, ...]
    size: int  # bytes of the whole HTML part, encoded

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
        raise UsageError(
            f"there is no edition of {key.day} of {key.digest!r}", where="--edition", fix="make it with `digest build`"
        )
    return with_known_pictures(apply(record.base, record.edits), pictures, sizes)


def proof(edition: Edition, *, number: int, publication: Publication, render: Render) -> Proof:
    """Return an edition rendered, encoded and checked; raise TemplateError where a template is wrong."""
    rendered = render(edition, number, publication.language)
    parts = encode(rendered, edition, number=number, language=rendered.language)
    if encoded_size(parts) > BUDGET:

        def size_of(shorter: Edition) -> int:
            made = render(shorter, number, publication.language)
            return encoded_size(encode(made, shorter, number=number, language=made.language))

        edition, cuts = fit(edition, size_of)
        rendered = replace(render(edition, number, publication.language), cuts=cuts)
        parts = encode(rendered, edition, number=number, language=rendered.language)
    size = encoded_size(parts)
    inert = inert_slots(rendered, edition)
    findings = check_mail(
        html=join(split(rendered.html, rendered.nonce), None, inert),
        text=join(split(rendered.text, rendered.nonce), None, inert),
        subject=rendered.subject,
        preheader=rendered.preheader,
        publication=publication,
        encoded_size=size,
    )
    findings += rendered.findings
    return Proof(edition=edition, number=number, rendered=rendered, parts=parts, findings=findings, size=size)


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
    by: str,
    clock: Clock,
) -> EditionRecord:
    """Freeze an edition: its parts are stored, and nothing that changes later changes them.

    An approved edition is returned as it is. Raises UsageError without a draft, ApprovalNeeded where it holds nothing,
    ContentError where `check` finds errors, StoreConflict where somebody edits at the same time.
    """
    record = editions.edition(key)
    if record is not None and record.state in (EditionState.APPROVED, EditionState.SENDING, EditionState.FINISHED):
        return record
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
    done = proof(edition, number=number, publication=publication, render=render)
    if done.errors:
        raise ContentError("\n".join(_sentence(finding) for finding in done.errors))
    return approvals.approve(
        key, [done.parts], events_of(done.edition), edits=len(record.edits), by=by, now=clock.now()
    )


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
