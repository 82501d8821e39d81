"""The contrast of two colours (WCAG 2.2): themes are measured by it, and mails of any origin."""

from __future__ import annotations

Rgb = tuple[float, float, float]  # red, green, blue; 0 to 1


def luminance(colour: Rgb) -> float:
    """Return the relative luminance of a colour, 0 to 1."""
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: Rgb, second: Rgb) -> float:
    """Return the contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)
