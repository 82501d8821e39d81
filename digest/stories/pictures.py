"""The best picture a story offers, and its video or sound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape
from urllib.parse import urljoin

from digest.model.news import Image, Media
from digest.stories.sanitize import LONGEST_MARKUP, plain, shortened

_IMG = re.compile(r"<img\b([^>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]{2,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
# Counters, avatars, buttons and drawings of the layout: never a picture of the story.
_NO_PICTURE = re.compile(
    r"/(?:pixel|px|beacon|track(?:er|ing)?|count(?:er)?|stats?|spacer|blank|clear|transparent|1x1|emoji|smilies|icons?|avatars?"
    r"|share|buttons?|badges?|ads?)(?:[/._?-]|$)|[._/-]1x1[._/-]|[?&](?:event=pixel|pixel=|size=1x1)|gravatar\.com"
    r"|doubleclick\.net|pixel\.(?:wp|quantserve)\.com|feeds\.feedburner\.com/~|feedsportal\.com|scorecardresearch"
    r"|google-analytics|stats\.wordpress\.com|b\.scorecard|addtoany|sharethis|/~r/|feeds\.wordpress\.com/1\.0/"
    r"|medium\.com/_/stat|pheedo|blogger_img_proxy|\.svg(?:$|[?#])|\.ico(?:$|[?#])",
    re.IGNORECASE,
)
_SMALLEST = 80  # pixels; smaller ones are icons
_MOST_INLINE = 8  # pictures of a body looked at
# Area of a picture whose size nobody says: more than a thumbnail of 240 × 180, less than a real one.
_UNSAID_AREA = 300 * 220
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?")
_PERIOD = re.compile(r"P?T(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,5})(?:\.\d+)?S)?", re.IGNORECASE)
_LONGEST_S = 48 * 3600  # seconds; what claims more is no length of a video or a podcast


def best_image(offered: Sequence[Image], bodies: Sequence[str], *, base: str) -> Image | None:
    """Return the largest real picture: of those the feed offers, or else of its text; None where there is none.

    Tracking pixels, avatars and icons are none. Among equals the first counts.
    """
    candidates = [image for image in offered if _is_picture(image)]
    if not candidates:
        inline = [image for body in bodies if "<img" in body or "<IMG" in body for image in _inline(body, base)]
        candidates = [image for image in inline if _is_picture(image)]
    if not candidates:
        return None
    best = max(candidates, key=lambda image: image.width * image.height or image.width**2 or _UNSAID_AREA)
    return replace(best, alt=shortened(plain(best.alt), 300), credit=shortened(plain(best.credit), 120))


def best_media(offered: Sequence[Media]) -> Media | None:
    """Return the first video, or else the first sound."""
    videos = [medium for medium in offered if medium.kind == "video"]
    return next(iter(videos or offered), None)


def seconds(duration: str) -> int | None:
    """Return the length said as "134", "2:14", "1:02:14" or "PT2M14S"; None where none is said."""
    text = duration.strip()
    if text.replace(".", "", 1).isdigit() and text.isascii() and len(text) < 12:
        length = int(float(text))
    elif match := _CLOCK.fullmatch(text) or (_PERIOD.fullmatch(text) if len(text) > 2 else None):
        hours, minutes, rest = (int(group or 0) for group in match.groups())
        length = hours * 3600 + minutes * 60 + rest
    else:
        return None
    return length if 0 < length <= _LONGEST_S else None


def _inline(body: str, base: str) -> list[Image]:
    found: list[Image] = []
    for match in _IMG.finditer(body, 0, 3 * LONGEST_MARKUP):
        said = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(match[1])}
        source = unescape(said.get("data-src") or said.get("src") or "").strip()
        try:
            url = urljoin(base, source) if base else source
        except ValueError:
            continue
        if url.lower().startswith(("http://", "https://")):
            width, height = _pixels(said.get("width", "")), _pixels(said.get("height", ""))
            found.append(Image(url=url, width=width, height=height, alt=unescape(said.get("alt", ""))))
        if len(found) >= _MOST_INLINE:
            break
    return found


def _pixels(text: str) -> int:
    digits = text.strip().removesuffix("px")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0


def _is_picture(image: Image) -> bool:
    # 0 is "not said"; a size below the smallest is an icon or a pixel.
    if any(0 < size < _SMALLEST for size in (image.width, image.height)):
        return False
    return not _NO_PICTURE.search(image.url)
