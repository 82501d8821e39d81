"""Editions to render: every style, with and without pictures, bylines, times and related lines; large ones."""

from __future__ import annotations

from dataclasses import replace

from digest.model.editions import Edition, Item, Note, Picture, Publication, Related, Rendered, Sponsor
from digest.model.news import Cluster
from digest.model.pieces import join, split
from digest.pipeline.approving import inert_slots
from digest.render import render
from digest.render.theme import theme
from digest.templating import environment
from tests.builders import PUBLICATION, edition, filled, item, story

ENVIRONMENT = environment()
BIG = Picture(name="big.jpg", width=552, height=311, alt="A ship in a strait")
THUMB = Picture(name="thumb.jpg", width=108, height=81, alt="A hill")
FILM = Picture(name="film.jpg", width=266, height=150, alt="A lamp")


def rich(**changes: object) -> Edition:
    """Every style, with and without pictures, bylines, times and related lines."""
    related = (Related(headline="How it came about", url="https://read.example/r", source="Tarn Radio"),)
    video = story("clip", duration_s=134, byline="", published=None)
    bare = story("bare", teaser="", byline="", dateline="", source="", feed_name="", published=None)
    sections = (
        filled(
            "foreign",
            [
                item("lead", kicker="Oru Strait", picture=BIG, related=related),
                item("second", picture=THUMB, update_of="2026-11-22"),
                item("third", kicker="Update desk"),
            ],
            style="feature",
        ),
        filled("defence", [item("navy", picture=THUMB), item("audit")], style="cards"),
        filled(
            "video",
            [item("clip", cluster=Cluster(stories=(video,), lead=video), picture=FILM), item("film2"), item("film3")],
            style="video",
        ),
        filled("trade", [item("wheat", note="Prices are of yesterday."), item("rope")]),
        filled(
            "regional",
            [item("bakery", kicker="Harrow"), item("bare", cluster=Cluster(stories=(bare,), lead=bare))],
            style="brief",
        ),
        filled("science", []),
    )
    values: dict[str, object] = {
        "sections": sections,
        "intro": "Good morning from the harbour.",
        "intro_by": "Ada Merrow, editor",
        "notes": (Note(text="Clocks went back."), Note(text="Tides are local.", after="trade")),
        "sponsors": (
            Sponsor(name="Tidewell", text="Charts on paper.", url="https://tidewell.example/", placement="trade"),
            Sponsor(name="Lamp Oil", text="Burns clean.", placement="imprint"),
        ),
    }
    return edition(**{**values, **changes})


def styled(style: str) -> Edition:
    """One style, twice: with everything an item may have, and with as little as there is."""
    related = (
        Related(headline="How it came about", url="https://read.example/r", source="Tarn Radio"),
        Related(headline="كيف انقسمت الممرات", url="https://read.example/s", source="إذاعة تارن", language="ar"),
    )
    picture = {"feature": BIG, "video": FILM}.get(style, THUMB)
    shown = style in ("feature", "cards", "video")
    told = story(
        "full", byline="Tessaly Brandt", dateline="Port Iselin", feed_name="World Desk", duration_s=134
    )  # fmt: skip
    bare = story("bare", teaser="", byline="", dateline="", source="", feed_name="", published=None)
    items: list[Item] = [
        item(
            "full", cluster=Cluster(stories=(told,), lead=told), kicker="Oru Strait", related=related,
            picture=picture if shown else None, note="Prices are of yesterday.",
        ),
        item("update", update_of="2026-11-22", picture=replace(THUMB, alt="") if shown else None),
        item("bare", cluster=Cluster(stories=(bare,), lead=bare), teaser=""),
        item("arabic", headline="ميناء سلمار يعيد فتح أرصفته", teaser="بعد عام من الترميم.", kicker="سلمار", picture=THUMB if shown else None),
        item("japanese", headline="灯台の島に新しい船着き場が開く", teaser="百年ぶりの灯。", update_of="2026-11-20"),
    ]  # fmt: skip
    return edition(
        sections=(
            filled("foreign", items, style=style),
            filled("trade", items[1:2], style=style),
            filled("science", []),
        ),
        intro="Good morning from the harbour.",
        intro_by="Ada Merrow, editor",
        notes=(Note(text="Clocks went back."), Note(text="Tides are local.", after="trade")),
        sponsors=(
            Sponsor(name="Tidewell", text="Charts on paper.", url="https://tidewell.example/", placement="top"),
            Sponsor(name="Lamp Oil", text="Burns clean.", url="https://lamp.example/", placement="trade"),
        ),
    )


def pictured(count: int, style: str = "cards") -> Edition:
    """Items as heavy as real ones: kicker, byline, ten words of headline, 48 of teaser, an address of 100 characters."""
    address = "https://read.example/" + "a" * 77
    items = []
    for number in range(count):
        lead = story(f"s{number}", url=f"{address}{number:02}", byline="Tessaly Brandt")
        items.append(
            item(
                f"s{number}",
                cluster=Cluster(stories=(lead,), lead=lead),
                kicker="Harbour",
                headline="Ten words of headline stand in this line for size",
                teaser="four words each time " * 12,
                picture=replace(THUMB, name=f"{number:024x}.jpg"),
            )
        )
    titles = ("foreign", "defence", "natural", "trade", "science", "culture")
    share = -(-count // len(titles))
    return edition(
        sections=tuple(
            filled(slug, items[place * share : place * share + share], style=style) for place, slug in enumerate(titles)
        )
    )


def made(of: Edition, publication: Publication = PUBLICATION, name: str = "classic") -> Rendered:
    return render(of, publication=publication, number=412, theme=theme(name), environment=ENVIRONMENT)


def whole(
    of: Edition, rendered: Rendered, sections: tuple[str, ...] | None = None, slots: dict[str, str] | None = None
) -> tuple[str, str]:
    slots = slots or inert_slots(rendered, of)
    return (
        join(split(rendered.html, rendered.nonce), sections, slots),
        join(split(rendered.text, rendered.nonce), sections, slots),
    )


EDITIONS = {
    "rich": (rich(), PUBLICATION),
    "right to left": (rich(), replace(PUBLICATION, language="ar", direction="rtl")),
    "one story": (edition(sections=(filled("foreign", [item("only")]),)), PUBLICATION),
    "offline": (rich(), replace(PUBLICATION, public_url="")),
}
