"""Pictures, videos and sound of an entry: enclosures, Media RSS, iTunes and what RSS itself has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml.etree import _Element

from digest.feeds.addresses import absolute, is_web
from digest.feeds.markup import text_of
from digest.feeds.xml_names import Names
from digest.model.news import Image, Media

_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|[?#])", re.IGNORECASE)
_VIDEO = re.compile(r"\.(?:mp4|m4v|webm|mov|m3u8)(?:$|[?#])", re.IGNORECASE)
_AUDIO = re.compile(r"\.(?:mp3|m4a|ogg|oga|opus|aac|wav|flac)(?:$|[?#])", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Offered:
    """What an entry offers beside its text."""

    images: tuple[Image, ...] = ()
    media: tuple[Media, ...] = ()
    duration: str = ""


def kind_of(url: str, media_type: str, medium: str = "") -> str:
    """Return "image", "video", "audio" or "": what lies at an address, by its type, or else by its name."""
    family = media_type.partition("/")[0].strip().lower()
    for said in (medium.lower(), family):
        if said in ("image", "video", "audio"):
            return said
    # YouTube still announces its players as Flash.
    if media_type.startswith("application/x-shockwave-flash") or _VIDEO.search(url):
        return "video"
    if _AUDIO.search(url):
        return "audio"
    return "image" if _PICTURE.search(url) else ""


def whole(text: str | None) -> int:
    """Return a count of pixels or bytes, 0 where none is said."""
    digits = (text or "").strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else 0


def offered(item: _Element, names: Names, base: str) -> Offered:
    """Return the pictures and media of an entry, each address once, in the feed's order."""
    gathered = _Gathered(base)
    _walk(item, names, gathered, depth=0)
    return Offered(
        images=tuple(gathered.images.values()),
        media=tuple(gathered.media.values()),
        duration=gathered.duration,
    )


class _Gathered:
    """What was found so far."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.images: dict[str, Image] = {}
        self.media: dict[str, Media] = {}
        self.duration = ""

    def add(self, url: str, kind: str, media_type: str, size: int, picture: Image | None) -> None:
        if not is_web(url):
            return
        if kind == "image" and picture is not None:
            self.images.setdefault(url, picture)
        elif kind in ("video", "audio"):
            self.media.setdefault(url, Media(url=url, kind=kind, media_type=media_type, size=size))


def _walk(parent: _Element, names: Names, gathered: _Gathered, depth: int) -> None:
    """Read the media elements among an element's children; groups are looked into."""
    for element in parent:
        name = names.of(element)
        if name in ("media:group", "media:content") and depth < 3 and len(element):
            if name == "media:content":
                _content(element, names, gathered, parent)
            _walk(element, names, gathered, depth + 1)
        elif name == "media:content":
            _content(element, names, gathered, parent)
        elif name == "media:thumbnail":
            _thumbnail(element, names, gathered, parent)
        elif name == "enclosure" or (name == "link" and element.get("rel") == "enclosure"):
            _enclosure(element, gathered)
        elif name in ("itunes:image", "image", "image:image", "thumbnail", "content:image"):
            _plain_image(element, names, gathered)
        elif name == "itunes:duration" and not gathered.duration:
            gathered.duration = text_of(element)


def _content(element: _Element, names: Names, gathered: _Gathered, parent: _Element) -> None:
    url = absolute(gathered.base, element.get("url") or "")
    media_type = element.get("type") or ""
    kind = kind_of(url, media_type, element.get("medium") or "")
    picture = _image(url, element, names, parent) if kind == "image" else None
    gathered.add(url, kind, media_type, whole(element.get("fileSize")), picture)
    if element.get("duration") and not gathered.duration:
        gathered.duration = element.get("duration") or ""


def _thumbnail(element: _Element, names: Names, gathered: _Gathered, parent: _Element) -> None:
    url = absolute(gathered.base, element.get("url") or text_of(element))
    gathered.add(url, "image", "", 0, _image(url, element, names, parent))


def _enclosure(element: _Element, gathered: _Gathered) -> None:
    url = absolute(gathered.base, element.get("url") or element.get("href") or "")
    media_type = element.get("type") or ""
    gathered.add(url, kind_of(url, media_type), media_type, whole(element.get("length")), Image(url=url))


def _plain_image(element: _Element, names: Names, gathered: _Gathered) -> None:
    url = element.get("href") or element.get("url") or ""
    if not url:
        inner = [text_of(child) for child in element if names.of(child) in ("url", "image:loc", "link")]
        url = inner[0] if inner else text_of(element)
    url = absolute(gathered.base, url)
    gathered.add(url, "image", "", 0, Image(url=url))


def _image(url: str, element: _Element, names: Names, parent: _Element) -> Image:
    """Return a Media RSS picture; its title and credit stand inside it or beside it (Media RSS 1.5.1)."""
    near: Sequence[Iterable[_Element]] = (element, parent)
    return Image(
        url=url,
        width=whole(element.get("width")),
        height=whole(element.get("height")),
        alt=_said(near[:1], names, "media:description", "media:title", "media:text"),
        credit=_said(near, names, "media:credit"),
    )


def _said(near: Sequence[Iterable[_Element]], names: Names, *wanted: str) -> str:
    for children in near:
        for child in children:
            if names.of(child) in wanted and (said := text_of(child)):
                return said[:500]
    return ""
