"""Pictures drawn by us: quiet landscapes in flat colours, one for each name, the same every time."""

from __future__ import annotations

import io
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw

SIZE = (1104, 622)  # twice the width of a mail's text
PALETTES = (
    ("#F3D9B1", "#E08E5A", "#8B5A6B", "#3E4A6B", "#26304A"),
    ("#DCE8EE", "#9FC0CF", "#6B93A8", "#3F6479", "#22404F"),
    ("#F6E3C5", "#E9B872", "#A9B18F", "#6F8A7A", "#36524E"),
    ("#2B3350", "#44517A", "#6F7DA8", "#F2C879", "#161B2E"),
    ("#E9EDE4", "#BFD0B0", "#8FAF8A", "#5C8467", "#304C3D"),
    ("#F2D0C4", "#D98880", "#A05A6B", "#5D4663", "#2E2A44"),
)


@lru_cache(maxsize=256)
def picture(name: str) -> bytes:
    """Return a JPEG for a name; other names give other pictures."""
    random = Random(name)
    sky, glow, far, near, dark = random.choice(PALETTES)
    image = Image.new("RGB", SIZE, sky)
    draw = ImageDraw.Draw(image)
    width, height = SIZE
    horizon = random.randint(int(height * 0.5), int(height * 0.68))
    x, radius = random.randint(120, width - 120), random.randint(38, 76)
    y = horizon - random.randint(20, 190)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=glow)
    _hills(draw, random, horizon, 120, far)
    if random.random() < 0.6:
        draw.rectangle((0, horizon, width, height), fill=near)
        _ripples(draw, random, horizon, far)
        _ship(draw, random, horizon, dark)
    else:
        _hills(draw, random, horizon + 70, 90, near)
        draw.rectangle((0, horizon + 120, width, height), fill=near)
        _towers(draw, random, horizon + 120, dark)
    _hills(draw, random, height - 30, 60, dark)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=84)
    return buffer.getvalue()


@lru_cache(maxsize=8)
def emblem(name: str) -> bytes:
    """Return a PNG for a name with nothing behind it, as sponsors send theirs: a compass above three waves."""
    random = Random(name)
    _, _, far, near, dark = random.choice(PALETTES)
    image = Image.new("RGBA", (720, 240), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((24, 24, 216, 216), outline=dark, width=14)
    draw.polygon([(120, 52), (144, 120), (120, 188), (96, 120)], fill=near)
    draw.polygon([(120, 52), (144, 120), (96, 120)], fill=dark)
    for row, colour in enumerate((dark, near, far)):
        y = 72 + 52 * row
        points = [(x, y + (18 if (x // 60) % 2 else -18)) for x in range(270, 700, 60)]
        draw.line(points, fill=colour, width=16, joint="curve")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _hills(draw: ImageDraw.ImageDraw, random: Random, base: int, rise: int, colour: str) -> None:
    step = SIZE[0] // 6
    ridge = [(x, base - random.randint(0, rise)) for x in range(0, SIZE[0] + step, step)]
    points = [(0, SIZE[1]), *ridge, (SIZE[0], SIZE[1])]
    draw.polygon(points, fill=colour)


def _ripples(draw: ImageDraw.ImageDraw, random: Random, horizon: int, colour: str) -> None:
    for _ in range(26):
        x, y = random.randint(0, SIZE[0]), random.randint(horizon + 12, SIZE[1] - 40)
        draw.line((x, y, x + random.randint(40, 130), y), fill=colour, width=3)


def _ship(draw: ImageDraw.ImageDraw, random: Random, horizon: int, colour: str) -> None:
    x, y = random.randint(160, SIZE[0] - 420), horizon + random.randint(10, 40)
    draw.polygon([(x, y), (x + 240, y), (x + 205, y + 44), (x + 30, y + 44)], fill=colour)
    draw.rectangle((x + 150, y - 52, x + 200, y), fill=colour)
    for box in range(4):
        draw.rectangle(
            (x + 30 + box * 28, y - 26, x + 54 + box * 28, y), fill=random.choice(("#C8553D", "#E9C46A", colour))
        )


def _towers(draw: ImageDraw.ImageDraw, random: Random, base: int, colour: str) -> None:
    for _ in range(random.randint(2, 5)):
        x, wide, high = random.randint(80, SIZE[0] - 160), random.randint(30, 70), random.randint(60, 190)
        draw.rectangle((x, base - high, x + wide, base + 20), fill=colour)
        draw.polygon([(x - 6, base - high), (x + wide + 6, base - high), (x + wide / 2, base - high - 44)], fill=colour)
