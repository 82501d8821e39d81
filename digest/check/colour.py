"""Colours as style sheets write them."""

from __future__ import annotations

import colorsys
import re

from digest.model.contrast import Rgb

_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\Z", re.I)
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)\Z", re.I)
_NUMBER = re.compile(r"(-?\d*\.?\d+)(%|deg)?\Z")
WHITE: Rgb = (1.0, 1.0, 1.0)
BLACK: Rgb = (0.0, 0.0, 0.0)


def colour(text: str) -> tuple[Rgb, float] | None:
    """Return a colour and its opacity (0 to 1), None where it is none we can tell (`var(--x)`, `inherit`, nonsense)."""
    text = text.strip().lower()
    if text == "transparent":
        return BLACK, 0.0
    if _HEX.match(text):
        digits = text[1:] if len(text) > 5 else "".join(2 * each for each in text[1:])
        values = [int(digits[place : place + 2], 16) / 255 for place in range(0, len(digits), 2)]
        return (values[0], values[1], values[2]), values[3] if len(values) > 3 else 1.0
    function = _FUNCTION.match(text)
    if function:
        return _called(function[1], re.split(r"[\s,/]+", function[2].strip()))
    from PIL.ImageColor import colormap

    named = colormap.get(text)
    return colour(named) if isinstance(named, str) else None


def _called(name: str, arguments: list[str]) -> tuple[Rgb, float] | None:
    values = [_NUMBER.match(each) for each in arguments]
    if len(values) not in (3, 4) or None in values:
        return None
    numbers = [(float(each[1]), each[2]) for each in values if each is not None]
    opacity = 1.0
    if len(numbers) == 4:
        opacity = _bounded(numbers[3][0] / (100 if numbers[3][1] == "%" else 1))
    if name == "hsl":
        hue, saturation, lightness = (each[0] for each in numbers[:3])
        red, green, blue = colorsys.hls_to_rgb(hue / 360 % 1, _bounded(lightness / 100), _bounded(saturation / 100))
    else:
        red, green, blue = (_bounded(value / (100 if unit == "%" else 255)) for value, unit in numbers[:3])
    return (red, green, blue), opacity


def _bounded(value: float) -> float:
    return min(1.0, max(0.0, value))


def over(top: Rgb, opacity: float, ground: Rgb) -> Rgb:
    """Return the colour seen where one lies on another."""
    red, green, blue = (opacity * high + (1 - opacity) * low for high, low in zip(top, ground, strict=True))
    return red, green, blue


def hexed(colour: Rgb) -> str:
    """Return a colour as #RRGGBB."""
    return "#" + "".join(f"{round(each * 255):02X}" for each in colour)
