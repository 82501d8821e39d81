"""The search page: a form, and what the server found where it was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from digest.archive import addresses
from digest.archive.house import House
from digest.archive.pages import element_id
from digest.model.searching import Hit, Term, marks

PAGE = 20  # stories of a page of the server's
LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody asked, as typed and chosen."""

    words: str = ""
    section: str = ""  # slug
    source: str = ""
    year: str = ""
    page: int = 1

    def at(self, page: int) -> str:
        """Return the address of a page of the answer, relative to the search page."""
        given = {"q": self.words, "section": self.section, "source": self.source, "year": self.year}
        said = {name: value for name, value in given.items() if value}
        return f"?{urlencode({**said, **({'page': str(page)} if page > 1 else {})})}"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What can be chosen beside the words."""

    sections: Mapping[str, str]  # slug -> title
    sources: Sequence[str]
    years: Sequence[int]


NOTHING = Asked()


def search_page(
    house: House,
    choices: Choices,
    *,
    script: str,
    indexed: bool,
    served: bool = False,
    asked: Asked = NOTHING,
    terms: tuple[Term, ...] = (),
    hits: Sequence[Hit] | None = None,
    total: int = 0,
) -> bytes:
    """Return the search page; without ``hits`` nothing was asked yet. Raises TemplateError.

    ``script`` is the path of what answers in the browser where the archive is ``indexed``; ``served`` says that
    a server makes this page and answers searches.
    """
    line = house.views.line
    sections = sorted(choices.sections.items(), key=lambda each: each[1].casefold())
    return house.page(
        "search",
        addresses.SEARCH,
        heading=house.say.bare("Search"),
        hide_join=True,
        hidden=bool(asked.words),
        script=script,
        indexed=indexed,
        served=served,
        asked=asked,
        answered=hits is not None,
        total=total,
        hits=[_view(hit, house, terms) for hit in hits or ()],
        sections=[(slug, line(title, LONGEST)) for slug, title in sections],
        choices=[(name, line(name, LONGEST)) for name in sorted(choices.sources, key=str.casefold)],
        years=[(str(year), year) for year in choices.years],
        older=asked.at(asked.page + 1) if asked.page * PAGE < total else "",
        newer=asked.at(asked.page - 1) if asked.page > 1 else "",
        search_sponsor=house.search_sponsor,
    )


def _view(hit: Hit, house: House, terms: tuple[Term, ...]) -> dict[str, Any]:
    told, line = hit.told, house.views.line

    def pieces(text: str, longest: int = LONGEST) -> list[tuple[str, bool]]:
        return cut(line(text, longest), terms)

    return {
        "path": addresses.edition(told.digest, told.day),
        "anchor": element_id(told.story),
        "lang": told.language,
        "kicker": pieces(told.kicker),
        "headline": pieces(told.headline),
        "teaser": pieces(told.teaser, 1_000),
        "day": told.day.isoformat(),
        "date": house.say.day(told.day),
        "section": line(told.section_title, LONGEST),
        "source": line(told.source, LONGEST),
    }


def cut(text: str, terms: tuple[Term, ...]) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it was asked for; none of an empty text."""
    pieces, end = list[tuple[str, bool]](), 0
    for start, stop in marks(text, terms):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in [*pieces, (text[end:], False)] if piece[0]]
