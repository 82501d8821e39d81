"""Who wrote it, where, and for whom: bylines, datelines and the credits of agencies."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from digest.stories.sanitize import plain, shortened

# News agencies as bylines, credits and datelines name them, and how we show them.
_AGENCIES = {
    "ap": "Associated Press", "associated press": "Associated Press", "the associated press": "Associated Press",
    "reuters": "Reuters", "thomson reuters": "Reuters", "afp": "AFP", "agence france-presse": "AFP",
    "agence france presse": "AFP", "dpa": "dpa", "upi": "UPI", "united press international": "UPI",
    "bloomberg": "Bloomberg", "bloomberg news": "Bloomberg", "xinhua": "Xinhua", "tass": "TASS", "interfax": "Interfax",
    "efe": "EFE", "ansa": "ANSA", "pa": "PA Media", "pa media": "PA Media", "press association": "PA Media",
    "the press association": "PA Media", "the canadian press": "The Canadian Press", "canadian press":
    "The Canadian Press", "kyodo": "Kyodo", "kyodo news": "Kyodo", "jiji": "Jiji Press", "jiji press": "Jiji Press",
    "yonhap": "Yonhap", "voa": "VOA", "voice of america": "VOA", "voa news": "VOA", "rfe/rl": "RFE/RL", "aap": "AAP",
    "pti": "PTI", "press trust of india": "PTI", "ani": "ANI", "ians": "IANS", "anadolu agency": "Anadolu", "aa":
    "Anadolu", "anadolu": "Anadolu", "sda": "Keystone-SDA", "apa": "APA", "ritzau": "Ritzau", "ntb": "NTB", "tt": "TT",
    "anp": "ANP", "belga": "Belga", "lusa": "Lusa", "pap": "PAP", "čtk": "ČTK", "mti": "MTI", "epd": "epd",
    "getty images": "", "共同": "Kyodo", "時事": "Jiji Press", "رويترز": "Reuters", "أ ف ب": "AFP",
}  # fmt: skip

_BY = re.compile(
    r"^(?:by|von|par|por|di|door|av|af|przez|от|автор|text|words|written by|posted by|story by|reported by)[:\s]\s*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[<(\[]?\s*(?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)*\s*[>)\]]?", re.ASCII)
_LINK = re.compile(r"\(?https?://\S+|\bwww\.\S+|(?<!\w)/?u/\w+|(?<!\w)@\w+", re.IGNORECASE)
_NOBODY = frozenset({
    "admin", "administrator", "root", "webmaster", "noreply", "no-reply", "no reply", "editor", "unknown", "none",
    "null", "undefined", "nobody", "author", "anonymous", "guest", "user", "staff", "n/a", "(author unknown)",
    "agencies", "news agencies", "staff reporter", "staff report", "newsroom", "news desk", "web desk", "wire services",
    "our correspondent", "correspondent", "redaktion", "redacción", "redação", "redazione", "rédaction", "la rédaction",
    "inc", "ltd", "llc", "gmbh", "corp", "nospam", "wordpress", "superuser", "default", "site admin",
})  # fmt: skip
# "Tessaly Brandt in Port Iselin, Oru, and Ines Oru": where they are is no part of their names.
_IN_PLACE = re.compile(
    r"(?P<name>[^\W\d_][\w.'’-]*\s[^,;|]{0,60}?[^\W\d_])\s+in\s+(?:the\s+)?[^\W\d_a-z][\w.'’-]*"
    r"(?:\s(?!(?:and|und|et|for|in)\b)[\w.'’-]+){0,3}"
    r"(?:,\s+[^\W\d_a-z][\w.'’-]*(?=\s*(?:$|[,;|]|\sand\s)))?"
)
_IN_BRACKETS = re.compile(r"(?P<outer>[^()]*)\((?P<inner>[^()]+)\)?")
_NO_LETTER = re.compile(r"[\W_]+")
_LONGEST_BYLINE = 120  # characters
_MOST_AUTHORS = 3

_MARKED = re.compile(
    r"^(?P<place>[^\W\d_][\w .'’/&-]{1,40}?)"  # BAGHDAD, PORT ISELIN, ST. JOHN'S
    r"(?P<region>,\s+[^\W\d_][\w .'’-]{1,24}?)?"  # , Iraq
    # , Tuesday, Nov. 21
    r"(?P<day>,\s+(?:[^\W\d_]{3,10}\.?,?\s*)?(?:\d{1,2}\.?(?:\s+[^\W\d_]{3,10}\.?)?(?:,?\s+\d{4})?)?)?"
    r"\s*(?:[(（](?P<agency>[^()（）]{2,40})[)）]\.?)?"  # EFE writes "(EFE).-"
    r"\s*(?:[–—―]|--?(?=\s))+\s*(?=\S)"
)
# BRUSSELS: Nearly seventy groups … (where a feed writes its datelines so)
_COLON_PLACE = re.compile(r"(?P<place>[^\W\d_][\w .'’-]{2,40}?)\s*(?:\((?P<agency>[^()]{2,40})\))?:\s+(?=\S)")
_COLON_SHARE, _COLON_LEAST = 0.2, 3
_NO_PLACES = frozenset({
    "BREAKING", "BREAKING NEWS", "UPDATE", "UPDATED", "LIVE", "WATCH", "VIDEO", "EXCLUSIVE", "NEW", "OPINION",
    "ANALYSIS", "PHOTOS", "LISTEN", "READ", "NOTE", "EDITORIAL", "CORRECTION", "DEVELOPING", "JUST IN",
    "FILE", "WARNING", "REVIEW",
    "NATO", "NASA", "FIFA", "UEFA", "OPEC", "UNESCO", "UNICEF", "IMF", "WHO", "COVID", "TRUE", "FALSE", "ATTENTION",
})  # fmt: skip
_LEADING_BYLINE = re.compile(r"^By\s+[^\W\d_a-z][\w.'’-]*(?:\s+[^\W\d_][\w.'’-]*){1,3}\s*(?:[|–—-]|,?\s*$)\s*")
# A dateline ends with a dash, within so many characters; a credit at the end of a text with the last word of an agency.
# Most texts have neither, and to see that takes a tenth of what their patterns do.
_LONGEST_DATELINE = 240
_DASHES = ("–", "—", "―", "- ")
_AGENCIES_END = frozenset(name.split()[-1].rpartition("-")[2] for name in _AGENCIES)
_LONGEST_END = max(map(len, _AGENCIES_END)) + 1
_CREDIT_AT_END = re.compile(
    r"[\s(\[–—-]+(?:(?:source|quelle|fuente|fonte|via|credit)\s*:\s*)?(?P<name>[\w./ -]{2,30}?)[)\].]*\s*$",
    re.IGNORECASE,
)
_LAST_WORD = re.compile(r"[\s(\[:–—-]")


def agency(name: str) -> str:
    """Return the agency a credit names, as it is shown, or ""."""
    return _AGENCIES.get(" ".join(name.split()).strip(" .()/").lower(), "")


def byline_of(authors: Sequence[str], *, not_these: Sequence[str] = ()) -> tuple[str, str]:
    """Return byline and agency of what a feed says about authors.

    "By" and addresses are dropped, agencies are no persons, and neither are the publication's own names given as
    ``not_these``. Four and more people become three and an ellipsis.
    """
    own = {name.casefold() for name in not_these if name}
    people: list[str] = []
    wire = ""
    for author in authors:
        for name in _people(author):
            found = agency(name) or agency(name.partition(" in ")[0])
            wire = wire or found
            if not found and not is_own(name, own) and name.lower() not in _NOBODY:
                people.append(name)
    people = list(dict.fromkeys(people))
    if len(people) > _MOST_AUTHORS:
        return shortened(", ".join(people[:_MOST_AUTHORS]), _LONGEST_BYLINE) + " …", wire
    return shortened(", ".join(people), _LONGEST_BYLINE), wire


def _people(author: str) -> list[str]:
    """Return the names in one author's field: "mail@example.org (Tessaly Brandt)", "By A and B, Reuters"."""
    text = plain(author)[:400]
    text = _LINK.sub(" ", _ADDRESS.sub(" ", text)).strip(' ()<>[]"|,;')
    text = _IN_PLACE.sub(r"\g<name>", _BY.sub("", " ".join(text.split())))
    names = re.split(r"\s*(?:[;|]|,\s+and\s|,|\sand\s|\s&\s|\sund\s|\set\s|\sfor\s)\s*", text)
    every = [part for name in names for part in _parted(name.strip(" -–—.")) if re.search(r"[^\W\d_]", part)]
    return [_cased(name) if not agency(name) else name for name in every]


def _parted(name: str) -> list[str]:
    """Return the names in "Eliot (Eliot Jones)", where the second says it all, and in "Tessaly Brandt (Reuters)"."""
    match = _IN_BRACKETS.fullmatch(name)
    if match is None:
        return [name.strip(" ()-–—.")]
    outer, inner = match["outer"].strip(" ()-–—."), match["inner"].strip(" ()-–—.")
    if not outer or set(outer.casefold().split()) <= set(inner.casefold().split()):
        return [inner]
    if agency(inner):
        return [outer, inner]
    return [f"{outer} ({inner})" if inner else outer]


def is_own(name: str, own: Collection[str]) -> bool:
    """Tell whether a name is the publication's: the whole of its own, or how that begins ("EL PAÍS in English")."""
    folded = name.casefold()
    return any(folded == one or one.startswith(f"{folded} ") or _squeezed(folded) == _squeezed(one) for one in own)


def _squeezed(name: str) -> str:
    return _NO_LETTER.sub("", name)


def _cased(name: str) -> str:
    """Return a shouted name in the usual case; initials and acronyms of one word stay."""
    return place_name(name) if name.isupper() and " " in name and len(name) > 6 else name


def place_name(place: str) -> str:
    """Return a place in the usual case: "PORT ISELIN" is "Port Iselin", "U.N." stays."""
    small = {"OF", "THE", "AND", "DE", "LA", "EL", "AL", "DU", "DES", "AU", "ON", "IN", "SUR", "UPON"}

    def word(text: str, first: bool) -> str:
        if "." in text and len(text.replace(".", "")) <= 3 and text.count(".") > 1:
            return text
        if text in small and not first:
            return text.lower()
        return "-".join(part[:1] + part[1:].lower() for part in text.split("-"))

    return " ".join(word(text, at == 0) for at, text in enumerate(place.split())) if place.isupper() else place


def has_colon_places(texts: Sequence[str]) -> bool:
    """Tell whether a feed ends its datelines with a colon, as a fifth of its texts then do, from several places."""
    places = [found for text in texts if (found := _colon_place(text)[0])]
    return len(places) >= max(_COLON_LEAST, _COLON_SHARE * len(texts)) and len(set(places)) > 1


def _colon_place(text: str) -> tuple[str, str, str]:
    """Return place, agency and what is behind them where a text begins so."""
    match = _COLON_PLACE.match(text)
    if match is None or not match["place"].isupper() or match["place"] in _NO_PLACES:
        return "", "", text
    return match["place"].strip(), agency((match["agency"] or "").split(",")[0]), text[match.end() :]


def take_dateline(text: str, *, colons: bool = False) -> tuple[str, str, str]:
    """Return dateline, agency and the text behind them: "BAGHDAD, Tuesday (AP) — Iraq said" → Baghdad, AP, "Iraq said".

    A place is told by its capitals or by the agency behind it; without either nothing is taken off. With ``colons`` it
    may end with one (`has_colon_places`).
    """
    if colons and (found := _colon_place(text))[0]:
        return place_name(found[0]), found[1], found[2]
    text = _LEADING_BYLINE.sub("", text, count=1) if text.startswith("By ") else text
    opening = text[:_LONGEST_DATELINE]
    match = _MARKED.match(text) if any(dash in opening for dash in _DASHES) else None
    if match is None:
        return "", "", text
    place, credit = match["place"].strip(), match["agency"] or ""
    wire = agency(credit.split(",")[0])
    shouted = place.isupper() and len(place.replace(".", "").replace(" ", "")) >= 3 and place not in _NO_PLACES
    rest = text[match.end() :]
    if not (shouted or wire) or not rest or len(place.split()) > 5:
        return "", "", text
    region = (match["region"] or "").strip(" ,")
    if region and not re.match(r"(?:\w{3}\.?$|\w+day$)|.*\d", region):
        place = f"{place_name(place)}, {region}"
    return place_name(place), wire, rest[:1].upper() + rest[1:]


def credit_at_end(text: str) -> str:
    """Return the agency a text ends with: "… said on Monday. (Reuters)"."""
    end = text[-60:]
    if _LAST_WORD.split(end.rstrip(" .)]/(")[-_LONGEST_END:])[-1].lower() not in _AGENCIES_END:
        return ""
    match = _CREDIT_AT_END.search(end)
    return agency(match["name"]) if match else ""
