"""Colours of a theme for light and dark, and whether words can be read on their grounds (WCAG 2.2), also inverted."""

from __future__ import annotations

import colorsys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import product

from digest.model.contrast import contrast as ratio

READABLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text
WORDS = ("ink", "soft", "mute", "accent", "signal")


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Six-digit hex colours; what each is for is its name."""

    paper: str
    wash: str
    ink: str
    soft: str
    mute: str
    accent: str
    signal: str
    rule: str
    rule_ink: str
    mast: str  # ground of the masthead, and the words on it
    on_mast: str
    bar: str  # ground of the section bar, and the words on it
    on_bar: str
    on_signal: str  # words of a filled update label


NAMES = frozenset(each.name for each in fields(Colours))
# Words and the ground they stand on.
PAIRS = (
    *product(WORDS, ("paper", "wash")),
    ("on_mast", "mast"),
    ("on_bar", "bar"),
    ("on_signal", "signal"),
)


@dataclass(frozen=True, kw_only=True)
class Weak:
    """Words that cannot be read well on their ground."""

    words: str  # a name of Colours
    ground: str
    scheme: str  # "light", "dark", or "inverted": what a mail program makes that turns colours around
    ratio: float

    def __str__(self) -> str:
        return f"{self.words} on {self.ground} has contrast {self.ratio:.1f} ({self.scheme}); {READABLE} is wanted"


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two six-digit hex colours, from 1 to 21 (WCAG 2.2)."""
    return ratio(_channels(first), _channels(second))


def inversions(colour: str) -> tuple[str, str]:
    """Return what mail programs make of a light colour at night: its negative, and its lightness turned around."""
    red, green, blue = _channels(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    return _hex(1 - red, 1 - green, 1 - blue), _hex(*colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _hex(*channels: float) -> str:
    return "#" + "".join(f"{round(each * 255):02X}" for each in channels)


def weak(light: Colours, dark: Colours) -> Iterator[Weak]:
    """Yield each pair below `READABLE` in light, in dark, and in the worse inversion of light."""
    for words, ground in PAIRS:
        first, second = getattr(light, words), getattr(light, ground)
        ratios = {
            "light": contrast(first, second),
            "dark": contrast(getattr(dark, words), getattr(dark, ground)),
            "inverted": min(contrast(*pair) for pair in zip(inversions(first), inversions(second), strict=True)),
        }
        for scheme, value in ratios.items():
            if value < READABLE:
                yield Weak(words=words, ground=ground, scheme=scheme, ratio=value)
