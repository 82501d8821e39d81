"""What a feed of ours says, whatever its format, and how each entry is made of an edition or a story. Pure.

An entry's id is made of what never changes once an edition is approved (digest, day, instant of approval, story), so
that it survives corrections and a move to another address (RFC 4287 §4.2.6).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from digest.model import links
from digest.model.archive import Listed
from digest.model.editions import FilledSection, Item, Publication
from digest.templating.markdown import markdown

# Random, drawn once: what our ids are derived from.
OURS = UUID("6f0d0f4e-0a5f-4a0c-9a43-52f4b1f5c1a7")
EDITIONS = 30  # entries of a feed of editions
STORIES = 60  # entries of a section's feed
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # when a feed without an entry changed last

Say = Callable[..., str]
"""Says a fixed text in the publication's language, its gaps filled."""


@dataclass(frozen=True, kw_only=True)
class Enclosed:
    """A picture, video or sound of an entry."""

    url: str  # absolute
    kind: str  # "image", "video", "audio"
    media_type: str = ""
    width: int = 0  # pixels
    height: int = 0  # pixels
    size: int = 0  # bytes; 0 = unknown
    duration_s: int | None = None
    alt: str = ""
    credit: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry. Texts are plain; ``content`` alone is HTML."""

    id: str  # urn:uuid:…
    url: str  # absolute
    title: str
    summary: str = ""
    content: str = ""  # HTML; "" = only the summary
    published: datetime | None = None  # None = unknown: never invented
    updated: datetime
    byline: str = ""
    source: str = ""  # who wrote it
    categories: tuple[str, ...] = ()
    language: str = ""  # BCP 47, "" = the feed's
    rights: str = ""
    enclosed: tuple[Enclosed, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A feed: what all of its formats say."""

    id: str  # urn:uuid:…
    title: str
    description: str
    home: str  # absolute address of the page it follows
    base: str  # absolute address its formats stand at, less their endings: "https://…/feed"
    author: str
    language: str
    rights: str = ""
    hub: str = ""  # WebSub (W3C), "" = none
    entries: tuple[Entry, ...] = ()  # newest first

    @property
    def updated(self) -> datetime:
        """When it last changed."""
        return max((entry.updated for entry in self.entries), default=NEVER)


@dataclass(frozen=True, kw_only=True)
class Syndication:
    """What all feeds of a digest share."""

    publication: Publication  # with a public_url: a feed's addresses are absolute
    digest: str
    title: str  # of the digest
    say: Say
    hub: str = ""
    zone: ZoneInfo

    def editions(self, listed: Sequence[Listed], *, full: bool) -> Channel:
        """Return the feed of editions; ``listed`` are those to be read, newest first."""
        entries = tuple(self._edition(each, full=full) for each in listed[:EDITIONS] if each.is_open)
        home = links.digest_url(self.publication.public_url, self.digest)
        return self._channel(self.title, self.publication.tagline, home, entries, full=full)

    def section(self, slug: str, name: str, listed: Sequence[Listed], *, full: bool) -> Channel:
        """Return the feed of a section's stories; ``listed`` are the editions to be read, newest first."""
        entries: list[Entry] = []
        for each in listed:
            if not each.is_open:
                continue
            for filled in each.sections:
                if filled.section.slug == slug:
                    entries += [self._story(item, each, name, full=full) for item in filled.items]
            if len(entries) >= STORIES:
                break
        home = links.section_url(self.publication.public_url, self.digest, slug)
        return self._channel(f"{self.title}: {name}", name, home, tuple(entries[:STORIES]), full=full)

    def _channel(self, title: str, said: str, home: str, entries: tuple[Entry, ...], *, full: bool) -> Channel:
        return Channel(
            id=_urn(f"{home} {'full' if full else 'summary'}"),
            title=title,
            description=said or title,
            home=home,
            base=f"{home}{'feed' if full else 'summary'}",
            author=self.publication.name,
            language=self.publication.language,
            rights=self.publication.rights,
            hub=self.hub,
            entries=entries,
        )

    # Entries

    def _edition(self, each: Listed, *, full: bool) -> Entry:
        heads = [_titled(item) for filled in each.sections for item in filled.items]
        return Entry(
            id=_urn(self._key(each)),
            url=each.url,
            title=each.edition.subject or f"{each.title}, {each.day}",
            summary=each.edition.preheader or " · ".join(heads[:3]),
            content=self._whole(each) if full else "",
            published=each.published_at,
            updated=each.changed_at,
            byline=each.edition.intro_by,
            source=each.title,
            categories=tuple(self._name(filled) for filled in each.sections),
            rights=self.publication.rights,
        )

    def _name(self, filled: FilledSection) -> str:
        section = filled.section
        return section.titles.get(self.publication.language, section.title)

    def _whole(self, each: Listed) -> str:
        parts = [f"<p>{markdown(each.edition.intro)}</p>"] if each.edition.intro else []
        for filled in each.sections:
            parts.append(f"<h2>{escape(self._name(filled))}</h2>")
            for item in filled.items:
                parts.append(f"<h3>{_link(item.cluster.lead.url, _titled(item))}</h3>")
                parts.append(self._body(item, each, credited=True))
        return "\n".join(part for part in parts if part)

    def _story(self, item: Item, each: Listed, name: str, *, full: bool) -> Entry:
        story = item.cluster.lead
        changes = [fix.at for fix in each.corrections_of(story.id)]
        return Entry(
            id=_urn(f"{self._key(each)} {story.id}"),
            url=story.url or f"{each.url}#_{quote(story.id)}",
            title=_titled(item),
            summary=item.teaser,
            content=self._body(item, each) if full else "",
            published=story.published if story.date_note != "future" else None,
            updated=max([each.published_at, *changes]),
            byline=story.byline,
            source=story.source or story.feed_name,
            categories=(name,),
            language=story.language,
            rights=story.rights,
            enclosed=self._enclosed(item),
        )

    def _body(self, item: Item, each: Listed, *, credited: bool = False) -> str:
        """Return what stands under a headline; who wrote it is said where the entry cannot say it itself."""
        story = item.cluster.lead
        parts = [f"<p>{_lines(item.teaser)}</p>"] if item.teaser else []
        for fix in each.corrections_of(story.id):
            if fix.text:
                time = fix.at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")
                parts.append(f"<p><b>{escape(self.say('Corrected at {time}.', time=time))}</b> {_lines(fix.text)}</p>")
        credit = [part for part in (story.byline, story.dateline, story.source or story.feed_name) if part]
        if credited and credit:
            parts.append(f"<p><small>{escape(' · '.join(credit))}</small></p>")
        if item.note:
            parts.append(f"<p><em>{_lines(item.note)}</em></p>")
        if item.related:
            rows = (
                f"<li>{_link(line.url, line.headline)}{f' · {escape(line.source)}' if line.source else ''}</li>"
                for line in item.related
            )
            parts.append(f"<ul>{''.join(rows)}</ul>")
        return "\n".join(part for part in parts if part)

    def _enclosed(self, item: Item) -> tuple[Enclosed, ...]:
        found: list[Enclosed] = []
        picture, story = item.picture, item.cluster.lead
        if picture is not None:
            kind = "image/png" if picture.name.endswith(".png") else "image/jpeg"
            found.append(
                Enclosed(
                    url=links.picture_url(self.publication.public_url, picture.name),
                    kind="image",
                    media_type=kind,
                    width=picture.width,
                    height=picture.height,
                    alt=picture.alt,
                    credit=picture.credit,
                )
            )
        if story.media is not None:
            media = story.media
            found.append(
                Enclosed(
                    url=media.url,
                    kind=media.kind,
                    media_type=media.media_type,
                    size=media.size,
                    duration_s=story.duration_s,
                )
            )
        return tuple(found)

    def _key(self, each: Listed) -> str:
        return f"{each.digest} {each.day} {each.approved_at.isoformat()}"


def _urn(key: str) -> str:
    return uuid5(OURS, key).urn


def _titled(item: Item) -> str:
    return f"{item.kicker}: {item.headline}" if item.kicker else item.headline


def _lines(text: str) -> str:
    return escape(text, quote=False).replace("\n\n", "</p><p>").replace("\n", "<br>")


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text, quote=False)}</a>' if url else escape(text, quote=False)
