"""The real mail of a draft as an editor wants to see it: every look, as any reader."""

from __future__ import annotations

from dataclasses import dataclass, replace

from digest.check.message import letter
from digest.mail.languages import in_language
from digest.model.pieces import join, split
from digest.pipeline.approving import inert_slots
from digest.pipeline.previewing import EXAMPLE_READER, pictures_beside, shown_html
from digest.render.foreign import other_way
from digest.render.preview import forced, inverted, without_pictures
from digest.wiring.drafts import Draft, Drafts

LOOKS = ("light", "dark", "inverted", "text", "bare")  # bare: pictures off
TURNED = "rtl"  # as a reader of a language of the other direction
BY_NAME = "~"  # before the id of a reader an editor asked for: her mail has her address in it


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A mail as one reader gets it."""

    html: str
    text: str
    subject: str


def shown_of(drafts: Drafts, draft: Draft, reader: str) -> Shown:
    """Return the same as `shown`, made once a draft and reader."""
    return drafts.kept(("shown", draft.key, draft.stamp, reader), lambda: shown(drafts, draft, reader))


def shown(drafts: Drafts, draft: Draft, reader: str = "") -> Shown:
    """Return the whole mail, turned around, or with the id of a subscriber as ``reader`` that of her choices.

    With BY_NAME before the id it is exactly that person's, her address in it; else it tells nobody who she is.
    """
    if reader not in ("", TURNED):
        return _as_reader(drafts, draft, reader)
    publication = drafts.publisher.publication
    rendered = drafts.rendered(draft, other_way(publication.language) if reader else "")
    html = shown_html(rendered, draft.edition, publication.public_url)
    text = join(split(rendered.text, rendered.nonce), None, inert_slots(rendered, draft.edition))
    return Shown(html=html, text=text, subject=rendered.subject)


def _as_reader(drafts: Drafts, draft: Draft, reader: str) -> Shown:
    """Return what a subscriber gets: her sections and language; links that are hers lead nowhere."""
    publisher, named = drafts.publisher, reader.startswith(BY_NAME)
    found = publisher.wiring.subscribers.subscriber(subscriber_id=reader.removeprefix(BY_NAME))
    if found is None:
        return shown(drafts, draft)
    versions = [version.parts for version in drafts.proof(draft).versions]
    parts = in_language(versions, found.language, publisher.publication.language)
    write = publisher.writer(parts, at=publisher.clock.now(), personal=False)
    shown_to = EXAMPLE_READER
    if named:
        shown_to = replace(shown_to, email=found.email, name=found.name, attributes=found.attributes)
    planned = replace(shown_to, sections=found.sections, language=found.language)
    made = letter(write(planned).data)
    return Shown(
        html=pictures_beside(made.html, publisher.publication.public_url), text=made.text, subject=made.subject
    )


def dressed(html: str, look: str) -> str:
    """Return a mail's HTML in a look."""
    html = forced(html, "dark" if look == "dark" else "light")
    if look == "inverted":
        return inverted(html)
    return without_pictures(html) if look == "bare" else html
