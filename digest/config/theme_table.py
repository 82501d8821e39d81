"""The shape of `[theme]`: which theme, and which of its values are the publication's own."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", value):
        raise ValueError(f"{value!r} is no colour of six hex digits, such as '#1D3F72'")
    return value.upper()


def _face(value: str) -> str:
    # It goes into declarations of the mail as it is: nothing that could end one.
    if not re.fullmatch(r"[\w ,'\"-]{1,200}", value):
        raise ValueError(f"{value!r} is no list of faces; write names and commas, such as 'Georgia, serif'")
    return value


Colour = Annotated[str, AfterValidator(_colour)]
Face = Annotated[str, AfterValidator(_face)]


class ThemeTable(BaseModel):
    """`[theme]`: what is not set keeps the value of the theme named."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    name: Literal["classic", "bold", "plain"] = "classic"
    reading: Face = ""
    small: Face = ""
    logo: str = ""
    radius: int = Field(default=0, ge=0, le=24)
    density: Literal["compact", "regular", "roomy"] = "regular"

    paper: Colour = ""
    wash: Colour = ""
    ink: Colour = ""
    soft: Colour = ""
    mute: Colour = ""
    accent: Colour = ""
    signal: Colour = ""
    rule: Colour = ""
    rule_ink: Colour = ""
    mast: Colour = ""
    on_mast: Colour = ""
    bar: Colour = ""
    on_bar: Colour = ""
    on_signal: Colour = ""

    dark_paper: Colour = ""
    dark_wash: Colour = ""
    dark_ink: Colour = ""
    dark_soft: Colour = ""
    dark_mute: Colour = ""
    dark_accent: Colour = ""
    dark_signal: Colour = ""
    dark_rule: Colour = ""
    dark_rule_ink: Colour = ""
    dark_mast: Colour = ""
    dark_on_mast: Colour = ""
    dark_bar: Colour = ""
    dark_on_bar: Colour = ""
    dark_on_signal: Colour = ""

    def values_set(self) -> dict[str, str | int]:
        """Return what is written besides name and logo."""
        return self.model_dump(exclude_unset=True, exclude={"name", "logo"})
