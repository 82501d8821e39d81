"""How much of a mail each mail program understands, by caniemail's tests (see caniemail.json).

It is scored as Mailpit's HTML check does: a feature weighs by the share of the elements that use it, and the one that
costs most is what the mail loses. What a program supports in part counts as supported in `score`, and not in `full`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from digest.check.codes import found
from digest.check.features import Use, features
from digest.check.page import Page
from digest.model.editions import Finding

WANTED = 90.0  # percent: less is a warning
_NAMED = 6  # programs named in a finding
_FIXES = {
    "css-display-flex": "lay it out with a table", "css-display-grid": "lay it out with a table",
    "css-position": "place it by a table and its padding", "css-float": "place it by a table's cells or align",
    "css-variables": "write the value itself", "css-at-font-face": "name a face every machine has",
    "css-at-import": "write the rules into a style element", "html-link": "write the rules into a style element",
    "html-form": "link to a page that holds the form", "html-video": "link a picture to the page that plays it",
    "html-audio": "link to the page that plays it", "html-svg": "use a JPEG or PNG picture",
    "html-anchor-links": "link to the web page's sections instead", "html-srcset": "give src too",
    "html-picture": "give the picture itself as img", "image-webp": "use JPEG or PNG",
    "image-avif": "use JPEG or PNG", "image-svg": "use JPEG or PNG", "image-base64": "link the picture or attach it",
}  # fmt: skip
_ANY_FIX = "see that the mail reads well without it"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature as programs were tested."""

    slug: str
    title: str
    support: str  # a letter a client, in the order of Table.clients: y, a (in part), n, u, - (not tested)


@dataclass(frozen=True, kw_only=True)
class Table:
    """caniemail's tests of the newest version of each client."""

    source: str
    updated: str  # the day, ISO 8601
    families: Mapping[str, str]  # slug → name
    clients: tuple[tuple[str, str], ...]  # family, name
    features: Mapping[str, Feature]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How much of a mail is understood, in percent."""

    score: float  # fully or in part, over all clients
    full: float
    families: Mapping[str, float]  # name of a family → fully or in part
    source: str  # "npm caniemail 2.0.2, 2026-05-13"

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {"score": self.score, "full": self.full, "families": dict(self.families), "source": self.source}


@lru_cache(maxsize=1)
def table() -> Table:
    """Return the shipped table."""
    data = json.loads(Path(__file__).with_name("caniemail.json").read_text(encoding="utf-8"))
    return Table(
        source=data["source"],
        updated=data["updated"],
        families=data["families"],
        clients=tuple((family, name) for family, name in data["clients"]),
        features={
            slug: Feature(slug=slug, title=title, support=support)
            for slug, (title, support) in data["features"].items()
        },
    )


def score(page: Page, used: Mapping[str, Use] | None = None) -> Score:
    """Return how much of a page is understood; ``used`` are its features where they are known already."""
    known, uses = table(), _known(features(page) if used is None else used)
    places = {
        family: [place for place, (of, _) in enumerate(known.clients) if of == family] for family in known.families
    }
    everywhere = range(len(known.clients))

    def lost(where: Any, letters: str) -> float:
        return max((_share(each, where, letters) * weight for each, weight in _weighed(page, uses)), default=0.0)

    none, partial = lost(everywhere, "n"), lost(everywhere, "a")
    return Score(
        score=round(100 * (1 - none), 1),
        full=round(100 * max(0.0, 1 - none - partial), 1),
        families={known.families[family]: round(100 * (1 - lost(where, "n")), 1) for family, where in places.items()},
        source=f"{known.source}, {known.updated}",
    )


def check_support(page: Page) -> Iterator[Finding]:
    """Name each feature that some family of programs does not know, and warn where the mail loses much by it."""
    uses = _known(features(page))
    made = score(page, uses)
    everywhere = range(len(table().clients))
    weighed = sorted(_weighed(page, uses), key=lambda pair: -_share(pair[0], everywhere, "n") * pair[1])
    if made.score < WANTED:
        worst = ", ".join(feature.title for feature, weight in weighed[:3] if weight)
        said = f"mail programs understand {made.score:g} % of it; it loses most by {worst}"
        yield found("client-score", "html", said)
    for feature, _ in weighed:
        without = _without(feature)
        if without:
            use = uses[feature.slug]
            times = f"used {use.count} times" if use.count > 1 else "used once"
            rest = f" and {len(without) - _NAMED} more" if len(without) > _NAMED else ""
            message = f"{feature.title} ({times}) is not known to {', '.join(without[:_NAMED])}{rest}"
            yield found("client-support", use.where, message, _FIXES.get(feature.slug, _ANY_FIX))


def _known(used: Mapping[str, Use]) -> dict[str, Use]:
    return {slug: use for slug, use in used.items() if slug in table().features}


def _weighed(page: Page, uses: Mapping[str, Use]) -> list[tuple[Feature, float]]:
    nodes = sum(node.tag not in ("html", "head", "meta") for node in page.nodes) or 1
    return [(table().features[slug], min(1.0, use.count / nodes)) for slug, use in uses.items()]


def _share(feature: Feature, places: Any, letters: str) -> float:
    """Return the share of the clients at these places, among those tested, that support it so."""
    tested = [feature.support[place] for place in places if feature.support[place] in "yan"]
    return sum(letter in letters for letter in tested) / len(tested) if tested else 0.0


def _without(feature: Feature) -> list[str]:
    """Return the names of families none of whose clients know a feature, then those of single clients."""
    known = table()
    letters: dict[str, list[tuple[str, str]]] = {}
    for (family, name), letter in zip(known.clients, feature.support, strict=True):
        if letter in "yan":
            letters.setdefault(family, []).append((name, letter))
    whole, single = [], []
    for family, tested in letters.items():
        lacking = [name for name, letter in tested if letter == "n"]
        if len(lacking) == len(tested):
            whole.append(known.families[family])
        else:
            single.extend(lacking)
    return [*whole, *single]
