"""Themes: colours for light and dark, faces and sizes; and whether their words can be read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from digest.errors import ConfigError, Problem

DENSITIES = {"compact": 0.7, "regular": 1.0, "roomy": 1.3}  # how much of the look's space a row takes
READABLE = 4.5  # WCAG 2.2, 1.4.3: contrast of text


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


@dataclass(frozen=True, kw_only=True)
class Theme:
    """How a mail looks."""

    name: str
    light: Colours
    dark: Colours
    reading: str = "Georgia,'Noto Serif',serif"  # face of headlines and teasers
    small: str = "Helvetica,Arial,sans-serif"  # face of kickers and source lines
    words: str = "mute"  # colour of a table's words, of links and of bold words, where nothing else is said
    link: str = "ink"
    bold: str = "accent"
    radius: int = 0  # pixels, of pictures and boxes
    density: str = "regular"  # a key of DENSITIES
    problems: tuple[str, ...] = field(default=())  # contrasts too weak, a line each

    def space(self, pixels: int) -> int:
        """Return the pixels that a row's space of the agreed look takes in this theme's density."""
        return round(pixels * DENSITIES[self.density])

    @property
    def rounding(self) -> str:
        """The declaration that rounds a picture or box, to stand after another one; "" without a radius."""
        return f";border-radius:{self.radius}px" if self.radius else ""


CLASSIC = Theme(
    name="classic",
    light=Colours(
        paper="#F7F7F5", wash="#ECEDEA", ink="#17191C", soft="#3F444A", mute="#5C6269",
        accent="#1D3F72", signal="#9A1B2E", rule="#C9CCC8", rule_ink="#17191C",
        mast="#F7F7F5", on_mast="#17191C", bar="#F7F7F5", on_bar="#17191C", on_signal="#F7F7F5",
    ),
    dark=Colours(
        paper="#15171A", wash="#1F2226", ink="#ECEBE7", soft="#C6C7C6", mute="#A0A4A8",
        accent="#9FBCE8", signal="#F2949C", rule="#3A3E43", rule_ink="#8D9196",
        mast="#15171A", on_mast="#ECEBE7", bar="#15171A", on_bar="#ECEBE7", on_signal="#15171A",
    ),
)  # fmt: skip
THEMES = {"classic": CLASSIC}
_KEYS = frozenset(each.name for each in fields(Colours))


def theme(name: str, overrides: Mapping[str, str] | None = None) -> Theme:
    """Return a theme with some of its values replaced: `accent`, `dark_accent`, `reading`, `small`.

    Raises ConfigError for an unknown name or key. Weak contrasts are listed in `problems`.
    """
    if name not in THEMES:
        raise ConfigError(
            (Problem(where="theme.name", what=f"there is no theme {name!r}", fix=f"choose {', '.join(THEMES)}"),)
        )
    made, wrong = THEMES[name], []
    for key, value in (overrides or {}).items():
        part, colour = ("dark", key[5:]) if key.startswith("dark_") else ("light", key)
        if colour in _KEYS and re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
            colours = replace(made.dark if part == "dark" else made.light, **{colour: value.upper()})
            made = replace(made, dark=colours) if part == "dark" else replace(made, light=colours)
        elif key in ("reading", "small"):
            face = value.replace('"', "'")
            made = replace(made, reading=face) if key == "reading" else replace(made, small=face)
        else:
            wrong.append(
                Problem(where=f"theme.{key}", what="there is no such key, or it is no colour", fix="write '#1D3F72'")
            )
    if wrong:
        raise ConfigError(tuple(wrong))
    return replace(made, problems=tuple(weak(made)))


def luminance(colour: str) -> float:
    """Return the relative luminance of a six-digit hex colour (WCAG 2.2)."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def weak(made: Theme) -> list[str]:
    """Return a line for each text colour that cannot be read on paper or wash."""
    lines = []
    for scheme, colours in (("light", made.light), ("dark", made.dark)):
        for ground in ("paper", "wash"):
            for name in ("ink", "soft", "mute", "accent", "signal"):
                ratio = contrast(getattr(colours, name), getattr(colours, ground))
                if ratio < READABLE:
                    lines.append(f"{name} on {ground}, {scheme}: contrast {ratio:.1f}, wanted {READABLE}")
    return lines
