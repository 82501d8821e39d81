"""Themes: colours for light and dark, faces, space and pictures. What they look like stands in templates/mail/NAME/."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from digest.errors import ConfigError, Problem
from digest.model.editions import Finding, Picture
from digest.render.colours import NAMES, READABLE, Colours, Weak, weak

DENSITIES = {"compact": 0.7, "regular": 1.0, "roomy": 1.3}  # how much of the look's space a row takes
MOST_RADIUS = 24  # pixels
_SANS = "-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
# A face goes into declarations as it is: names, commas and quotes, nothing that could end one.
_FACE = re.compile(r"[\w ,'-]{1,200}")


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
    logo: Picture | None = None  # in the nameplate's stead
    pictures: Mapping[str, str] = field(default_factory=dict)  # style → a key of images.SIZES, where it is another
    problems: tuple[Weak, ...] = ()  # contrasts too weak

    def space(self, pixels: int) -> int:
        """Return the pixels that a row's space of the agreed look takes in this theme's density."""
        return round(pixels * DENSITIES[self.density])

    @property
    def picture_sizes(self) -> dict[str, str]:
        """What pictures are prepared for: `pictures`, and under "sponsor" the ground of sponsors' pictures."""
        return {**self.pictures, "sponsor": self.light.paper}

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
BOLD = Theme(
    name="bold",
    light=Colours(
        paper="#FFFFFF", wash="#F1F1EE", ink="#0F0F10", soft="#35363A", mute="#5B5D63",
        accent="#C42814", signal="#C42814", rule="#D6D6D2", rule_ink="#0F0F10",
        mast="#D92D1A", on_mast="#FFFFFF", bar="#0F0F10", on_bar="#FFFFFF", on_signal="#FFFFFF",
    ),
    dark=Colours(
        paper="#0F0F10", wash="#1C1C1F", ink="#F6F6F4", soft="#CBCBC9", mute="#A4A5A9",
        accent="#FF9D8F", signal="#FF9D8F", rule="#38383D", rule_ink="#F6F6F4",
        mast="#CC2B15", on_mast="#FFFFFF", bar="#242427", on_bar="#F6F6F4", on_signal="#0F0F10",
    ),
    reading=_SANS,
    small=_SANS,
    pictures={"feature": "wide", "cards": "square"},
)  # fmt: skip
PLAIN = Theme(
    name="plain",
    light=Colours(
        paper="#FFFFFF", wash="#FFFFFF", ink="#1A1A1A", soft="#3D3D3D", mute="#616161",
        accent="#0B4A8F", signal="#8C2A12", rule="#DADADA", rule_ink="#1A1A1A",
        mast="#FFFFFF", on_mast="#1A1A1A", bar="#FFFFFF", on_bar="#1A1A1A", on_signal="#FFFFFF",
    ),
    dark=Colours(
        paper="#161616", wash="#161616", ink="#E8E8E6", soft="#C7C7C5", mute="#A2A2A0",
        accent="#9CC4F5", signal="#F0A488", rule="#3B3B3B", rule_ink="#E8E8E6",
        mast="#161616", on_mast="#E8E8E6", bar="#161616", on_bar="#E8E8E6", on_signal="#161616",
    ),
    reading=_SANS,
    small=_SANS,
    words="soft",
    link="accent",
    bold="ink",
)  # fmt: skip
THEMES = {each.name: each for each in (CLASSIC, BOLD, PLAIN)}


def theme(name: str, values: Mapping[str, str | int] | None = None) -> Theme:
    """Return a theme with some of its values replaced; weak contrasts are listed in `problems`.

    Keys are a colour (`accent`), a dark one (`dark_accent`), `reading`, `small`, `radius` and `density`. Raises
    ConfigError for an unknown theme, key or value, with every problem in it.
    """
    if name not in THEMES:
        raise ConfigError(
            (Problem(where="theme.name", what=f"there is no theme {name!r}", fix=f"choose {', '.join(THEMES)}"),)
        )
    made, wrong = THEMES[name], []
    for key, value in (values or {}).items():
        changed = _changed(made, key, value)
        if isinstance(changed, Problem):
            wrong.append(changed)
        else:
            made = changed
    if wrong:
        raise ConfigError(tuple(wrong))
    return replace(made, problems=tuple(weak(made.light, made.dark)))


def _changed(made: Theme, key: str, value: str | int) -> Theme | Problem:
    """Return the theme with one value replaced, or what is wrong with it."""
    scheme, colour = ("dark", key.removeprefix("dark_")) if key.startswith("dark_") else ("light", key)
    if colour in NAMES:
        return _coloured(made, scheme, colour, str(value), key)
    text = str(value).replace('"', "'")
    if key in ("reading", "small"):
        if not _FACE.fullmatch(text):
            return Problem(where=f"theme.{key}", what="it is no list of faces", fix="write 'Georgia, serif'")
        return replace(made, reading=text) if key == "reading" else replace(made, small=text)
    if key == "radius":
        if not (isinstance(value, int) and 0 <= value <= MOST_RADIUS):
            return Problem(where="theme.radius", what="it is no radius", fix=f"write 0 to {MOST_RADIUS} (pixels)")
        return replace(made, radius=value)
    if key == "density":
        if text not in DENSITIES:
            return Problem(where="theme.density", what=f"{text!r} is none", fix=f"choose {', '.join(DENSITIES)}")
        return replace(made, density=text)
    return Problem(where=f"theme.{key}", what="there is no such key", fix="see docs/reference/configuration.md")


def _coloured(made: Theme, scheme: str, colour: str, value: str, key: str) -> Theme | Problem:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        return Problem(where=f"theme.{key}", what=f"{value!r} is no colour", fix="write six hex digits: '#1D3F72'")
    changed = {colour: value.upper()}
    # In a theme without fields of colour, masthead and bar are the paper, whatever its colour becomes.
    colours = made.dark if scheme == "dark" else made.light
    if colour in ("paper", "ink"):
        prefix = "" if colour == "paper" else "on_"
        for part in (f"{prefix}mast", f"{prefix}bar"):
            if colours.mast == colours.paper and getattr(colours, part) == getattr(colours, colour):
                changed[part] = value.upper()
    colours = replace(colours, **changed)
    return replace(made, dark=colours) if scheme == "dark" else replace(made, light=colours)


def findings(made: Theme) -> tuple[Finding, ...]:
    """Return a finding for each contrast too weak: a warning in light and dark, a note where only inversion is weak."""
    found = []
    for each in made.problems:
        prefix = "theme.dark_" if each.scheme == "dark" else "theme."
        found.append(
            Finding(
                code={"dark": "contrast-dark", "inverted": "contrast-inverted"}.get(each.scheme, "contrast"),
                severity="note" if each.scheme == "inverted" else "warning",
                where=f"{prefix}{each.words}",
                message=str(each),
                fix=f"move {prefix}{each.words} away from {prefix}{each.ground} until it is {READABLE} or more",
            )
        )
    return tuple(sorted(found, key=lambda finding: (finding.severity != "warning", finding.where, finding.message)))
