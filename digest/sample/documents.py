"""The day's feeds as documents: RSS 2.0, Atom, RDF, JSON Feed and Media RSS, each with the oddities of its kind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from html import escape

from digest.model.news import Feed
from digest.sample.world import Piece, pieces_of

SAMPLE_HOST = "feeds.halyard.example"
READING_HOST = "read.halyard.example"
READING_HOME = f"https://{READING_HOST}"
BASE = f"http://{SAMPLE_HOST}"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper and the feed it publishes."""

    name: str  # of the file
    title: str
    kind: str  # rss, atom, rdf, json, media
    kickers: bool = False  # writes "Kicker: Headline"
    tail: str = ""  # what it puts behind every headline
    section: str = ""  # where everything it prints belongs; "" = by category or address
    language: str = "en"
    weight: float = 1.0
    pictures: int = 3  # every so many stories carry a picture; 0 = none

    @property
    def file(self) -> str:
        """The last part of its address."""
        ending = {"rss": "rss", "media": "rss", "atom": "atom", "rdf": "rdf", "json": "json"}[self.kind]
        return f"{self.name}.{ending}"


PAPERS = (
    Paper(name="calder-wire", title="Calder Wire", kind="rss", kickers=True, weight=1.3, pictures=2),
    Paper(name="northlight-record", title="Northlight Record", kind="atom", kickers=True, weight=1.2, pictures=2),
    Paper(name="veldmark-review", title="Veldmark Review", kind="rdf", pictures=0),
    Paper(name="port-iselin-ledger", title="Port Iselin Ledger", kind="rss", tail=" | Port Iselin Ledger", pictures=3),
    Paper(name="tarn-radio", title="Tarn Radio", kind="rss", kickers=True, pictures=2),
    Paper(name="sundry-isles", title="Sundry Isles Broadcasting", kind="json", kickers=True, pictures=2),
    Paper(name="halyard-video", title="Halyard Video", kind="media", section="video", kickers=True, pictures=1),
    Paper(
        name="aster-valley-courier",
        title="Aster Valley Courier",
        kind="atom",
        tail=" - Aster Valley Courier",
        pictures=0,
    ),
    Paper(name="harbour-notes", title="Harbour Notes", kind="rss", kickers=True, pictures=3),
    Paper(
        name="kestrel-observatory",
        title="Kestrel Observatory",
        kind="json",
        section="science",
        kickers=True,
        pictures=2,
    ),
    Paper(
        name="lamplight-quarterly", title="Lamplight Quarterly", kind="rss", section="culture", kickers=True, pictures=2
    ),
    Paper(name="nga-tai", title="Ngā Tai o Ōrua", kind="rss", section="regional", language="mi", pictures=0),
    Paper(name="nashrat-alsahil", title="نشرة الساحل", kind="atom", section="regional", language="ar", pictures=0),
    Paper(name="shiomi", title="汐見通信", kind="rdf", section="regional", language="ja", pictures=0),
)
CATEGORIES = {
    "foreign": "Foreign Affairs", "defence": "Defence", "natural": "Natural Events", "trade": "Trade",
    "regional": "Regional", "science": "Science", "culture": "Culture", "video": "World Video",
}  # fmt: skip
TYPES = {
    "rss": "application/rss+xml", "media": "application/rss+xml", "atom": "application/atom+xml",
    "rdf": "application/rdf+xml", "json": "application/feed+json",
}  # fmt: skip


def sample_feeds() -> tuple[Feed, ...]:
    """Return the sample's feeds as `digest.toml` names them."""
    return tuple(
        Feed(
            url=f"{BASE}/{paper.file}",
            name=paper.title,
            section=paper.section,
            weight=paper.weight,
            language=paper.language,
        )
        for paper in PAPERS
    )


def feed_document(file: str, *, day: date, now: datetime) -> tuple[bytes, str]:
    """Return a feed's bytes and media type; raise KeyError for a file that is none."""
    paper = {each.file: each for each in PAPERS}[file]
    pieces = [
        piece for piece in _pieces(day, now.replace(minute=0, second=0, microsecond=0)) if piece.paper == paper.name
    ]
    write = {"rss": _rss, "media": _rss, "atom": _atom, "rdf": _rdf, "json": _json}[paper.kind]
    return write(paper, pieces).encode("utf-8"), f"{TYPES[paper.kind]}; charset=utf-8"


def papers_and_pieces(day: date, now: datetime) -> list[tuple[Paper, Piece]]:
    """Return every story there is now, each with its paper."""
    papers = {paper.name: paper for paper in PAPERS}
    return [(papers[piece.paper], piece) for piece in _pieces(day, now.replace(minute=0, second=0, microsecond=0))]


@lru_cache(maxsize=4)
def _pieces(day: date, now: datetime) -> tuple[Piece, ...]:
    return pieces_of(day, now)


def _title(paper: Paper, piece: Piece) -> str:
    kicker = f"{piece.kicker}: " if paper.kickers and piece.kicker else ""
    return f"{kicker}{piece.headline}{paper.tail}"


def address_of_piece(paper: Paper, piece: Piece) -> str:
    """Return where a story can be read."""
    path = piece.section if paper.section == "" else "news"
    tracking = "?utm_source=feed&utm_medium=rss" if paper.name == "northlight-record" else ""
    scheme = "http" if paper.name == "harbour-notes" else "https"
    return f"{scheme}://{READING_HOST}/{paper.name}/{path}/{piece.day:%Y/%m/%d}/{piece.slug}{tracking}"


def _picture(paper: Paper, piece: Piece, number: int) -> str:
    if not paper.pictures or number % paper.pictures:
        return ""
    return f"{BASE}/pictures/{piece.slug}.jpg"


def _body(paper: Paper, piece: Piece) -> str:
    """Return the summary as HTML, as untidy as feeds are."""
    dateline = f"{piece.dateline.upper()} — " if paper.name in ("tarn-radio", "calder-wire") and piece.dateline else ""
    credit = f" ({piece.credit})" if piece.credit else ""
    more = f' <a href="{address_of_piece(paper, piece)}">Continue reading</a>' if paper.name == "harbour-notes" else ""
    pixel = f'<img src="{BASE}/pixel.gif" width="1" height="1" alt="">' if paper.name == "lamplight-quarterly" else ""
    return f"<p>{dateline}{escape(piece.teaser, quote=False)}{credit}</p>{more}{pixel}" if piece.teaser else pixel


def _date(paper: Paper, piece: Piece, number: int) -> str:
    """Return a date as the paper writes it: some odd, one missing, one in the future."""
    moment = piece.published
    if paper.name == "harbour-notes" and number == 1:
        return ""
    if paper.name == "harbour-notes" and number == 2:
        return format_datetime(moment + timedelta(days=400))
    if paper.name == "port-iselin-ledger" and number % 3 == 0:
        return moment.strftime("%d %b %Y %H:%M GMT")
    if paper.name == "tarn-radio" and number % 4 == 0:
        return moment.strftime("%A, %B %d, %Y - %H:%M")
    return format_datetime(moment)


def _rss(paper: Paper, pieces: list[Piece]) -> str:
    items = []
    for number, piece in enumerate(pieces):
        image = _picture(paper, piece, number)
        video = (
            f'<media:content url="{READING_HOME}/{paper.name}/{piece.slug}.mp4" type="video/mp4" medium="video"'
            f' duration="{piece.seconds}"/><media:thumbnail url="{image}" width="1104" height="622"/>'
            if paper.kind == "media"
            else ""
        )
        still = (
            f'<media:content url="{image}" medium="image" type="image/jpeg" width="1104" height="622">'
            f"<media:description>{escape(_alt(piece))}</media:description></media:content>"
            if image and not video
            else ""
        )
        # Tarn Radio escapes its apostrophes twice, as some systems do.
        title = escape(_title(paper, piece), quote=False)
        title = title.replace("'", "&amp;#8217;" if paper.name == "tarn-radio" else "&#8217;")
        said = _date(paper, piece, number)
        items.append(
            f"<item><title>{title}</title><link>{escape(address_of_piece(paper, piece))}</link>"
            f'<guid isPermaLink="false">{paper.name}:{piece.day}:{piece.key}</guid>'
            f"<description>{escape(_body(paper, piece))}</description>"
            + _content(paper, piece)
            + (f"<pubDate>{said}</pubDate>" if said else "")
            + (f"<dc:creator>By {escape(piece.byline)}</dc:creator>" if piece.byline else "")
            + (f'<source url="{BASE}/calder-wire.rss">{escape(piece.credit)}</source>' if piece.credit else "")
            + ("" if paper.section else f"<category>{escape(CATEGORIES[piece.section])}</category>")
            + f"{video}{still}</item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{escape(paper.title)}</title><link>{READING_HOME}/{paper.name}/</link>"
        f"<description>News from {escape(paper.title)}</description><language>{paper.language}</language>"
        f"<copyright>© {escape(paper.title)}</copyright>" + "\n".join(items) + "</channel></rss>\n"
    )


def _content(paper: Paper, piece: Piece) -> str:
    """Return the whole text beside the summary, where the paper gives it away."""
    if paper.name not in ("calder-wire", "port-iselin-ledger") or not piece.byline:
        return ""
    text = f"{_body(paper, piece)}<p>Reporting by {escape(piece.byline)}.</p>"
    return f"<content:encoded><![CDATA[{text}]]></content:encoded>"


def _alt(piece: Piece) -> str:
    return f"A drawn landscape: {piece.kicker or piece.dateline or 'the coast'}"


def _atom(paper: Paper, pieces: list[Piece]) -> str:
    newest = max((piece.published for piece in pieces), default=datetime(2026, 1, 1, tzinfo=UTC))
    entries = []
    for number, piece in enumerate(pieces):
        image = _picture(paper, piece, number)
        enclosure = f'<link rel="enclosure" type="image/jpeg" href="{image}"/>' if image else ""
        category = "" if paper.section else f'<category term="{escape(CATEGORIES[piece.section])}"/>'
        author = f"<author><name>{escape(piece.byline)}</name></author>" if piece.byline else ""
        entries.append(
            f"<entry><id>urn:{paper.name}:{piece.day}:{piece.key}</id><title>{escape(_title(paper, piece))}</title>"
            f'<link href="{escape(address_of_piece(paper, piece))}"/>{enclosure}{category}{author}'
            f"<published>{piece.published.isoformat()}</published><updated>{piece.published.isoformat()}</updated>"
            f'<summary type="html">{escape(_body(paper, piece))}</summary></entry>'
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{paper.language}">'
        f"<id>{READING_HOME}/{paper.name}/</id><title>{escape(paper.title)}</title><updated>{newest.isoformat()}</updated>"
        f"<author><name>{escape(paper.title)}</name></author><rights>© {escape(paper.title)}</rights>"
        + "\n".join(entries)
        + "</feed>\n"
    )


def _rdf(paper: Paper, pieces: list[Piece]) -> str:
    listed = "".join(f'<rdf:li rdf:resource="{escape(address_of_piece(paper, piece))}"/>' for piece in pieces)
    items = []
    for piece in pieces:
        creator = f"<dc:creator>{escape(piece.byline)}</dc:creator>" if piece.byline else ""
        subject = "" if paper.section else f"<dc:subject>{escape(CATEGORIES[piece.section])}</dc:subject>"
        items.append(
            f'<item rdf:about="{escape(address_of_piece(paper, piece))}"><title>{escape(_title(paper, piece))}</title>'
            f"<link>{escape(address_of_piece(paper, piece))}</link><description>{escape(piece.teaser)}</description>"
            f"<dc:date>{piece.published.isoformat()}</dc:date>{creator}{subject}</item>"
        )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{READING_HOME}/{paper.name}/"><title>{escape(paper.title)}</title>'
        f"<link>{READING_HOME}/{paper.name}/</link>"
        f"<description>{escape(paper.title)}</description><dc:language>{paper.language}</dc:language>"
        f"<dc:rights>© {escape(paper.title)}</dc:rights><items><rdf:Seq>{listed}</rdf:Seq></items></channel>"
        + "\n".join(items)
        + "</rdf:RDF>\n"
    )


def _json(paper: Paper, pieces: list[Piece]) -> str:
    items = []
    for number, piece in enumerate(pieces):
        item: dict[str, object] = {
            "id": f"{paper.name}:{piece.day}:{piece.key}",
            "url": address_of_piece(paper, piece),
            "title": _title(paper, piece),
            "content_html": _body(paper, piece),
            "date_published": piece.published.isoformat(),
            "tags": [] if paper.section else [CATEGORIES[piece.section]],
        }
        if piece.byline:
            item["authors"] = [{"name": piece.byline}]
        image = _picture(paper, piece, number)
        if image:
            item["image"] = image
        items.append(item)
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": paper.title,
        "home_page_url": f"{READING_HOME}/{paper.name}/",
        "feed_url": f"{BASE}/{paper.file}",
        "language": paper.language,
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False, indent=1)
