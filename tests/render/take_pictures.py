"""Takes the pictures of the mail under docs/pictures/mail: `python -m tests.render.take_pictures [FOLDER]`.

Each theme on a sheet a light and a dark one of several widths, one without pictures and turned around, and one from
right to left. The edition is the demo's, as `digest demo` makes it that day, with an intro, a note and a word from a
sponsor at the top; the Arabic one is of the same hand. It takes a minute; nothing is fetched but from loopback.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from digest.model.editions import Edition, Note, Picture
from digest.model.news import Cluster
from digest.render.preview import forced, inverted, without_pictures
from digest.render.theme import THEMES
from tests.browser import browser, page
from tests.builders import PUBLICATION, edition, filled, item, story
from tests.render.samples import made, whole

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures" / "mail"
HEIGHT, GAP, MOST_BYTES = 1500, 16, 250_000
GROUND = "#8A8F98"  # between the views of a sheet
# Sheet → its views: width, and what is done to the mail.
SHEETS = {
    "light": ((320, "light"), (375, "light"), (700, "light")),
    "dark": ((320, "dark"), (375, "dark"), (700, "dark")),
    "off-inverted": ((320, "off"), (375, "off"), (375, "inverted")),
}
TURNED = ((320, "light"), (375, "dark"), (700, "light"))
# The invented news of an invented harbour: headline, kicker, teaser, byline, dateline.
ARABIC = (
    ("ميناء سلمار يعيد فتح أرصفته بعد عام من الترميم", "سلمار", "تعود السفن إلى الأرصفة الشمالية ابتداءً من الأحد، ويقول الميناء إن الانتظار سيقصر إلى ساعتين.", "ليلى نصار", "سلمار"),
    ("المرشدون يتقاسمون قوارب المضيق", "المضيق", "اتفق الطرفان على خمسة وثلاثين قاربًا وراية واحدة لكل رحلة.", "كريم عوض", "أورو"),
    ("متحف المعاهدات يفتتح بإطار فارغ", "", "الإطار محجوز للمعاهدة القادمة، كما تقول أمينة المتحف.", "", "أورمير"),
    ("زراعة 23 شجرة جديدة على طريق الميناء", "طرق", "اختار السكان أنواعها في تصويت استمر أسبوعًا.", "", ""),
    ("The lamplighters of Stolford put out their last lamp", "Stolford", "It burned for 94 years; the wick goes to the museum.", "Tessaly Brandt", "Port Iselin"),
)  # fmt: skip


def arabic() -> Edition:
    """An edition in Arabic, with a story in English and one in Japanese among its own."""
    items = []
    for number, (headline, kicker, teaser, byline, dateline) in enumerate(ARABIC):
        lead = story(f"a{number}", byline=byline, dateline=dateline, source="إذاعة تارن", feed_name="وكالة كالدر")
        picture = Picture(name="big.jpg", width=552, height=311, alt=headline) if number == 0 else None
        if number in (1, 3):
            picture = Picture(name=f"thumb{number}.jpg", width=108, height=81, alt=headline)
        items.append(
            item(
                f"a{number}",
                cluster=Cluster(stories=(lead,), lead=lead),
                headline=headline,
                kicker=kicker,
                teaser=teaser,
                picture=picture,
                update_of="2026-11-22" if number == 1 else "",
            )
        )
    sections = (filled("world", items[:3], style="feature"), filled("city", items[3:], style="cards"))
    named = [
        replace(each, section=replace(each.section, title=title))
        for each, title in zip(sections, ("أخبار العالم", "المدينة"), strict=True)
    ]
    return edition(
        sections=tuple(named),
        intro="صباح الخير من الميناء: اتفق جاران على قارب واحد.",
        notes=(Note(text="الأوقات بتوقيت الميناء."),),
    )


def demo(folder: Path) -> dict[str, Path]:
    """Make the demo, edited as an editor would, in every theme; return each theme's edition.html."""
    run = [sys.executable, "-m", "digest.cli"]

    def digest(*words: str) -> None:
        subprocess.run([*run, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    digest("demo", str(folder))
    config, found = folder / "digest.toml", {}
    text = config.read_text(encoding="utf-8")
    digest("edit", "intro", "Good morning. High water is at seven, and what came in with it since yesterday stands below.", "-c", str(config))  # fmt: skip
    digest("edit", "note", "Times are those of the harbour.", "-c", str(config))
    for name in THEMES:
        table = re.sub(r"(?m)^(\[theme\]\nname = ).*$", rf'\g<1>"{name}"', text)
        config.write_text(
            table if f'name = "{name}"' in table else f'{text}\n[theme]\nname = "{name}"\n', encoding="utf-8"
        )
        digest("build", "-c", str(config))
        digest("preview", "-c", str(config), "--out", str(folder / name))
        found[name] = folder / name / "edition.html"
    return found


def turned(name: str, folder: Path, images: Path) -> Path:
    """Write the Arabic edition in a theme, its pictures being those of the demo; return where."""
    publication = replace(
        PUBLICATION, language="ar", direction="rtl", name="مرساة الصباح", tagline="أخبار العالم قبل السابعة"
    )
    of = arabic()
    html, _ = whole(of, made(of, publication, name))
    pictures = sorted(images.glob("*.jpg"), key=lambda each: Image.open(each).size[0])
    wide, small = pictures[-1], [each for each in pictures if Image.open(each).size[0] == 216]
    for file, source in (("big.jpg", wide), ("thumb1.jpg", small[0]), ("thumb3.jpg", small[1])):
        html = html.replace(f"{publication.public_url}/img/{file}", source.as_uri())
    path = folder / f"{name}-rtl.html"
    path.write_text(html, encoding="utf-8")
    return path


def view(started: Browser, source: Path, width: int, kind: str) -> Image.Image:
    """Return a picture of a mail at a width: light, dark, turned around, or without pictures."""
    html = source.read_text(encoding="utf-8")
    shown = {
        "light": lambda: html,
        "dark": lambda: html,
        "inverted": lambda: inverted(forced(html, "light")),
        "off": lambda: without_pictures(html),
    }[kind]()
    path = source.with_name(f"{source.stem}.{kind}.html")
    path.write_text(shown, encoding="utf-8")
    with page(started, width=width, height=HEIGHT, dark=kind == "dark", scripts=False) as opened:
        opened.goto(path.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth") <= width, f"{source} is wider than {width}"
        return Image.open(io.BytesIO(opened.screenshot())).convert("RGB")


def sheet(views: list[Image.Image]) -> bytes:
    """Return views side by side as a PNG."""
    wide = sum(each.width for each in views) + GAP * (len(views) + 1)
    made = Image.new("RGB", (wide, HEIGHT + 2 * GAP), GROUND)
    place = GAP
    for each in views:
        made.paste(each, (place, GAP))
        place += each.width + GAP
    for colours in (128, 64, 32):
        buffer = io.BytesIO()
        made.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if len(buffer.getvalue()) <= MOST_BYTES:
            break
    return buffer.getvalue()


def main() -> int:
    """Take every picture; return an exit code."""
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser() as started:
        work = Path(folder)
        mails = demo(work)
        for name, source in mails.items():
            for kind, views in SHEETS.items():
                (out / f"{name}-{kind}.png").write_bytes(sheet([view(started, source, *each) for each in views]))
            arabic_mail = turned(name, work, mails["classic"].parent / "images")
            (out / f"{name}-right-to-left.png").write_bytes(
                sheet([view(started, arabic_mail, *each) for each in TURNED])
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
