"""Pictures of our own making: resized to the widths of the mail, re-encoded, named by their bytes.

JPEG only: WebP, AVIF and SVG do not show in all mail programs. Metadata is dropped, and the picture encoded anew.
"""

from __future__ import annotations

import hashlib
import io
import warnings

from PIL import Image, ImageDraw, ImageFont, ImageOps, UnidentifiedImageError

from digest.errors import FileProblem
from digest.model.editions import Picture

# Shown width and height of each use, in pixels; files hold up to twice as many for dense screens.
SIZES = {
    "feature": (552, 311),
    "wide": (600, 338),
    "cards": (108, 81),
    "square": (108, 108),
    "video": (266, 150),
    "web": (360, 203),  # a card on the web page, three across
}
DENSITY = 2
MOST_BYTES = 100_000
MOST_PIXELS = 40_000_000  # decoded; a 6k × 6k photograph
LOGO = (240, 60)  # shown at most so wide and high
SPONSOR = (180, 60)  # the same of a sponsor's picture
SMALLEST = 32  # pixels on a side; less is a tracker or a spacer
QUALITIES = (82, 74, 64, 52, 40)


def prepare(body: bytes, *, style: str, alt: str = "", credit: str = "", badge: str = "") -> tuple[Picture, bytes, str]:
    """Return the picture, its JPEG bytes and media type; raise FileProblem saying why it cannot be used.

    Video pictures get a play sign, and ``badge`` (the duration) at the lower right.
    """
    width, height = SIZES[style]
    image = _decoded(body)
    scale = min(DENSITY, max(1.0, min(image.width / width, image.height / height)))
    size = (round(width * scale), round(height * scale))
    fitted = ImageOps.fit(image, size, method=Image.Resampling.LANCZOS, centering=(0.5, 0.4))
    if style == "video":
        fitted = _with_badges(fitted, badge, scale)
    data = _encoded(fitted)
    name = f"{hashlib.sha256(data).hexdigest()[:24]}.jpg"
    return Picture(name=name, width=width, height=height, alt=alt, credit=credit), data, "image/jpeg"


def prepare_logo(
    body: bytes, *, ground: str, name: str = "", most: tuple[int, int] = LOGO
) -> tuple[Picture, bytes, str]:
    """Return a logo, its bytes and media type, on a ground of its own: it must survive dark mode and inversion.

    ``ground`` is six hex digits, ``name`` its alt text, ``most`` its width and height as shown. A photograph, which PNG
    makes large, becomes a JPEG. Raises FileProblem.
    """
    image = _decoded(body, ground)
    image.thumbnail((most[0] * DENSITY, most[1] * DENSITY), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    data, kind, ending = buffer.getvalue(), "image/png", "png"
    if len(data) > MOST_BYTES:
        data, kind, ending = _encoded(image), "image/jpeg", "jpg"
    shown = min(1.0, most[0] / image.width, most[1] / image.height)
    size = max(1, round(image.width * shown)), max(1, round(image.height * shown))
    file = f"{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
    return Picture(name=file, width=size[0], height=size[1], alt=name), data, kind


def _decoded(body: bytes, ground: str = "#FFFFFF") -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body)) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise FileProblem(f"the picture has {opened.width} × {opened.height} pixels, too many")
                if min(opened.width, opened.height) < SMALLEST:
                    raise FileProblem(f"the picture has {opened.width} × {opened.height} pixels, too few")
                opened.seek(0)
                made = _opaque(ImageOps.exif_transpose(opened), ground)
                made.info.clear()  # Pillow writes a comment and a colour profile again
                return made
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise FileProblem("the picture has too many pixels") from None
    except UnidentifiedImageError:
        raise FileProblem("it is no picture we can read") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise FileProblem(f"the picture is broken ({error})") from None


def _opaque(image: Image.Image, ground: str) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layered = image.convert("RGBA")
        below = Image.new("RGBA", layered.size, ground)
        return Image.alpha_composite(below, layered).convert("RGB")
    return image.convert("RGB")


def _with_badges(image: Image.Image, badge: str, scale: float) -> Image.Image:
    """Draw a play sign in the middle, and a duration, each on a dark plate that reads on any picture."""
    plate = Image.new("RGBA", image.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(plate)
    x, y, radius = image.width / 2, image.height / 2, 22 * scale
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(0, 0, 0, 166))
    arm = 9 * scale
    draw.polygon([(x - arm * 0.7, y - arm), (x - arm * 0.7, y + arm), (x + arm, y)], fill=(255, 255, 255, 255))
    if badge:
        font = ImageFont.load_default(size=13 * scale)
        left, top, right, bottom = draw.textbbox((0, 0), badge, font=font)
        pad, wide, high = 5 * scale, right - left, bottom - top
        box = (image.width - wide - 3 * pad, image.height - high - 3 * pad, image.width - pad, image.height - pad)
        draw.rectangle(box, fill=(0, 0, 0, 184))
        draw.text((box[0] + pad - left, box[1] + pad - top), badge, font=font, fill=(255, 255, 255, 255))
    return Image.alpha_composite(image.convert("RGBA"), plate).convert("RGB")


def _encoded(image: Image.Image) -> bytes:
    data = b""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        data = buffer.getvalue()
        if len(data) <= MOST_BYTES:
            return data
    smaller = image.resize((max(1, image.width // 2), max(1, image.height // 2)), Image.Resampling.LANCZOS)
    return _encoded(smaller) if image.width > SMALLEST * 2 else data
