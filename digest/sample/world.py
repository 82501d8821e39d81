"""A fictional world's news of one day: everything follows from the day, so tomorrow has other news."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from random import Random

# Towns and people of the stories: each kernel of a day has its own, as a shared name would tie strangers together.
TOWNS = tuple(
    head + tail
    for head in (
        "Bren",
        "Cald",
        "Dun",
        "Ves",
        "Gar",
        "Hask",
        "Kest",
        "Mar",
        "Orr",
        "Pel",
        "Stol",
        "Thor",
        "Wren",
        "Osk",
    )
    for tail in ("ford", "mere", "wick", "holm", "stead", "by", "ness", "ley", "combe", "haven", "gate", "moor")
)
NAMED = tuple(
    f"{first} {last}"
    for first in (
        "Alva",
        "Berit",
        "Cosmo",
        "Dagny",
        "Emric",
        "Fenna",
        "Gideon",
        "Hedda",
        "Isolde",
        "Jarl",
        "Kaisa",
        "Lorne",
    )
    for last in ("Abbing", "Brockle", "Cardew", "Drummel", "Esker", "Falk", "Gantry", "Hobday", "Imrie", "Jessop")
)
DATELINES = (
    "Velm",
    "Port Iselin",
    "Sund Harbour",
    "Lower Tarn",
    "North Tarn",
    "Calder Cross",
    "Ness Point",
    "Old Iselin",
)
AUTHORS = tuple(
    f"{first} {last}"
    for first in (
        "Tessaly",
        "Oren",
        "Hale",
        "Ruva",
        "Ada",
        "Ilse",
        "Bram",
        "Nadia",
        "Corin",
        "Mirelle",
        "Joss",
        "Petra",
    )
    for last in (
        *("Brandt", "Vasquill", "Morrow", "Selwick", "Merrow", "Quarn", "Tolliver", "Ferrow", "Ashe", "Dact"),
        *("Underlake", "Vane", "Roke", "Harrowgate", "Pym", "Stroud", "Kell", "Orme"),
    )
)
COLUMNIST = "Odile Farraday"
MONTHS = ("January", "February", "March", "April", "May", "June", "September", "October")
ORDINALS = ("third", "fourth", "fifth", "sixth", "seventh", "ninth", "tenth")
SPREAD = timedelta(hours=26)  # how far back before `now` the day's stories reach


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One paper's story."""

    key: str  # of the kernel and the telling, without the day
    paper: str  # which of PAPERS prints it
    section: str  # slug
    kicker: str
    headline: str
    teaser: str
    byline: str
    dateline: str
    published: datetime
    day: date
    credit: str = ""  # the agency, where it is not the paper itself
    seconds: int = 0  # of a video

    @property
    def slug(self) -> str:
        """Words for the address, and the day, so that tomorrow's story has another one."""
        words = "".join(c if c.isascii() and c.isalnum() else " " for c in self.headline.lower()).split()
        mark = hashlib.sha256(f"{self.key}{self.day}".encode()).hexdigest()[:6]
        return "-".join([*words[:6], mark])


@cache
def _lines(name: str) -> tuple[tuple[str, ...], ...]:
    text = resources.files("digest.sample").joinpath(name).read_text(encoding="utf-8")
    rows = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return tuple(tuple(cell.strip() for cell in row.split(" | ")) for row in rows)


@cache
def _events() -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    """Return (section, kicker, tellings) of each event."""
    text = resources.files("digest.sample").joinpath("events.txt").read_text(encoding="utf-8")
    found = []
    for block in text.split("\n\n")[1:]:
        head, *rest = block.strip().splitlines()
        section, kicker = (cell.strip() for cell in head.split(" | "))
        tellings = tuple((cells[0].strip(), cells[1].strip()) for cells in (line.split(" | ") for line in rest))
        found.append((section, kicker, tellings))
    return tuple(found)


@cache
def _names(day: date, names: tuple[str, ...]) -> tuple[str, ...]:
    shuffled = list(names)
    Random(f"{day} {names[0]}").shuffle(shuffled)
    return tuple(shuffled)


def _byline(day: date, number: int) -> str:
    return _names(day, AUTHORS)[number % len(AUTHORS)]


def _filler(day: date, kernel: int, random: Random) -> Callable[[str], str]:
    """Return what fills the slots of one kernel: each of its tellings has the same facts."""
    values = {
        "town": _names(day, TOWNS)[kernel % len(TOWNS)],
        "person": _names(day, NAMED)[kernel % len(NAMED)],
        "n": str(random.randint(11, 97)),
        "big": f"{random.randint(12, 98)},{random.randint(0, 9)}00",
        "mag": f"{random.randint(4, 5)}.{random.randint(0, 9)}",
        "nth": random.choice(ORDINALS),
        "month": random.choice(MONTHS),
    }
    return lambda text: text.format(**values)


# Which papers tell an event, by section: the agency first, in words of its own.
TELLERS = {
    "foreign": ("calder-wire", "northlight-record", "veldmark-review", "port-iselin-ledger", "tarn-radio"),
    "defence": ("calder-wire", "tarn-radio", "veldmark-review", "northlight-record"),
    "natural": ("tarn-radio", "sundry-isles", "calder-wire", "northlight-record", "harbour-notes"),
    "trade": ("port-iselin-ledger", "veldmark-review", "calder-wire", "northlight-record"),
    "science": ("kestrel-observatory", "northlight-record", "veldmark-review"),
    "culture": ("lamplight-quarterly", "northlight-record", "tarn-radio"),
}
SINGLES = {
    "foreign": ("northlight-record", "veldmark-review", "calder-wire"),
    "defence": ("calder-wire", "tarn-radio", "veldmark-review"),
    "natural": ("sundry-isles", "tarn-radio", "harbour-notes"),
    "trade": ("port-iselin-ledger", "veldmark-review", "calder-wire"),
    "regional": ("harbour-notes", "aster-valley-courier", "sundry-isles", "tarn-radio"),
    "science": ("kestrel-observatory", "veldmark-review", "northlight-record"),
    "culture": ("lamplight-quarterly", "northlight-record", "tarn-radio"),
}
SYNDICATED = ("port-iselin-ledger", "aster-valley-courier")  # print some agency pieces word for word
FOREIGN_TONGUES = {
    "nga-tai": (
        "Kua tuwhera te whare pukapuka hou i Ōruawai",
        "Kua hoki mai ngā manu ki te moana",
        "{n} ngā rākau hou kua whakatōngia e ngā tamariki",
        "Kei te pai te hauhake kūmara i tēnei tau",
    ),
    "nashrat-alsahil": (
        "سفينة أبحاث تصل إلى ميناء سلمار بعد رحلة استمرت {n} يومًا",
        "مدرسة القرية تفتح مكتبة للأطفال في بيت قديم",
        "الصيادون يعودون إلى الساحل قبل العاصفة",
        "زراعة {n} شجرة جديدة على طريق الميناء",
    ),
    "shiomi": (
        "灯台の島に新しい船着き場が開く",
        "港の朝市、三年ぶりに再開",
        "海辺の図書館に{n}冊の本が届く",
        "汐見島の小学校で星を見る会",
    ),
}


def pieces_of(day: date, now: datetime) -> tuple[Piece, ...]:
    """Return every piece of every paper on a day, published in the 26 hours before ``now``, newest first."""
    made = [
        *_told_events(day, now),
        *_told_singles(day, now),
        *_columns(day, now),
        *_videos(day, now),
        *_tongues(day, now),
    ]
    copies = [
        _copied(piece, paper) for piece in made if piece.paper == "calder-wire" for paper in SYNDICATED
        if Random(f"{day} {piece.key} {paper}").random() < 0.25
    ]  # fmt: skip
    return tuple(sorted([*made, *copies], key=lambda piece: (piece.published, piece.key, piece.paper), reverse=True))


def _moment(random: Random, now: datetime) -> datetime:
    back = timedelta(minutes=random.randint(20, int(SPREAD.total_seconds() // 60)))
    return (now - back).replace(second=0, microsecond=0)


def _told_events(day: date, now: datetime) -> list[Piece]:
    made: list[Piece] = []
    turns: Counter[str] = Counter()
    for number, (section, kicker, tellings) in enumerate(_events()):
        # Every other event of a section runs, so that no event meets its reader two days in a row.
        turns[section] += 1
        if (turns[section] + day.toordinal()) % 2:
            continue
        random = Random(f"{day} event {number}")
        fill, tellers = _filler(day, number, random), TELLERS[section]
        first = _moment(random, now - timedelta(hours=2))
        for place, (headline, teaser) in enumerate(tellings):
            later = timedelta(minutes=17 * place * (1 + number % 3))
            made.append(
                Piece(
                    key=f"event-{number}-{place}",
                    paper=tellers[place % len(tellers)],
                    section=section,
                    kicker=fill(kicker),
                    headline=fill(headline),
                    teaser=fill(teaser),
                    byline=_byline(day, len(made)),
                    dateline=random.choice(DATELINES),
                    published=min(first + later, now - timedelta(minutes=5)),
                    day=day,
                )
            )
    return made


def _told_singles(day: date, now: datetime) -> list[Piece]:
    made = []
    for number, (section, kicker, headline, teaser) in enumerate(_lines("singles.txt")):
        random = Random(f"{day} single {number}")
        # A few rest on any day, those whose headline has no slot every second day; which ones moves on.
        turn = number + day.toordinal()
        if turn % 8 == 0 or ("{" not in headline and turn % 2):
            continue
        fill, papers = _filler(day, 40 + number, random), SINGLES[section]
        made.append(
            Piece(
                key=f"single-{number}",
                paper=papers[(number + day.toordinal()) % len(papers)],
                section=section,
                kicker=fill(kicker),
                headline=fill(headline),
                teaser=fill(teaser),
                byline=_byline(day, 80 + number),
                dateline=random.choice(DATELINES),
                published=_moment(random, now),
                day=day,
            )
        )
    return made


def _columns(day: date, now: datetime) -> list[Piece]:
    rows = _lines("columns.txt")
    chosen = [rows[(day.toordinal() * 4 + step) % len(rows)] for step in range(4)]
    made = []
    for number, (headline, teaser) in enumerate(chosen):
        random = Random(f"{day} column {number}")
        fill = _filler(day, 150 + number, random)
        made.append(
            Piece(
                key=f"column-{number}", paper="lamplight-quarterly", section="culture", kicker="Column",
                headline=fill(headline), teaser=fill(teaser), byline=COLUMNIST, dateline="",
                published=_moment(random, now), day=day,
            )
        )  # fmt: skip
    return made


def _videos(day: date, now: datetime) -> list[Piece]:
    made = []
    for number, (kicker, headline, teaser) in enumerate(_lines("videos.txt")):
        random = Random(f"{day} video {number}")
        if (number + day.toordinal()) % 2 == 0:
            continue
        fill = _filler(day, 160 + number, random)
        made.append(
            Piece(
                key=f"video-{number}", paper="halyard-video", section="video", kicker=kicker, headline=fill(headline),
                teaser=fill(teaser), byline="", dateline="", published=_moment(random, now), day=day,
                seconds=random.randint(48, 400),
            )
        )  # fmt: skip
    return made


def _tongues(day: date, now: datetime) -> list[Piece]:
    made = []
    for paper, headlines in FOREIGN_TONGUES.items():
        for step in range(2):
            number = (day.toordinal() * 2 + step) % len(headlines)
            random = Random(f"{day} {paper} {number}")
            made.append(
                Piece(
                    key=f"{paper}-{number}", paper=paper, section="regional", kicker="",
                    headline=_filler(day, number, random)(headlines[number]), teaser="", byline="", dateline="",
                    published=_moment(random, now), day=day,
                )
            )  # fmt: skip
    return made


def _copied(piece: Piece, paper: str) -> Piece:
    return Piece(
        key=piece.key, paper=paper, section=piece.section, kicker=piece.kicker, headline=piece.headline,
        teaser=piece.teaser, byline=piece.byline, dateline=piece.dateline,
        published=piece.published + timedelta(minutes=3), day=piece.day, credit="Calder Wire",
    )  # fmt: skip
