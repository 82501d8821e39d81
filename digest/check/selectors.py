"""Selectors: which elements a rule is for, and how much it weighs (Selectors 4, as far as mail programs go)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

MOST = 200  # selectors of one rule, and compounds of one selector
_PART = re.compile(
    r"""\s*(?P<combinator>[>+~])\s*
      | (?P<space>\s+)
      | (?P<pseudo>::?[\w-]+(?:\((?:[^()]|\([^()]*\))*+\))?)
      | \.(?P<class>[\w-]+) | \#(?P<id>[\w-]+)
      | \[(?P<attribute>[^\]]*)\]
      | (?P<tag>[\w-]+|\*)""",
    re.X,
)
_ATTRIBUTE = re.compile(r"""\s*([\w-]+)\s*(?:([~|^$*]?=)\s*["']?(.*?)["']?\s*(?:\s[iIsS])?)?\s*\Z""", re.S)
_COMMA = re.compile(r"(?:[^,()\[\]]|\((?:[^()]|\([^()]*\))*+\)|\[[^\]]*\]|[()\[\]])+")
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda has, wanted: has == wanted,
    "~=": lambda has, wanted: wanted in has.split(),
    "|=": lambda has, wanted: has == wanted or has.startswith(wanted + "-"),
    "^=": lambda has, wanted: bool(wanted) and has.startswith(wanted),
    "$=": lambda has, wanted: bool(wanted) and has.endswith(wanted),
    "*=": lambda has, wanted: bool(wanted) and wanted in has,
}


@dataclass(frozen=True, slots=True)
class Compound:
    """What one element must be."""

    tag: str = ""  # "" = any
    id: str = ""
    classes: frozenset[str] = frozenset()
    attributes: tuple[tuple[str, str, str], ...] = ()  # name, operator ("" = it is there), value
    pseudos: tuple[str, ...] = ()  # ":hover", "::before"

    def holds(self, tag: str, attributes: dict[str, str], classes: frozenset[str]) -> bool:
        """Tell whether an element is it; states such as :hover are not, as nobody touches it."""
        if (self.tag and self.tag != tag) or (self.id and self.id != attributes.get("id")):
            return False
        if not self.classes <= classes or not all(_is_so(pseudo, tag, attributes) for pseudo in self.pseudos):
            return False
        return all(
            name in attributes and (not operator or _OPERATORS[operator](attributes[name], value))
            for name, operator, value in self.attributes
        )


def _is_so(pseudo: str, tag: str, attributes: dict[str, str]) -> bool:
    return (pseudo == ":root" and tag == "html") or (pseudo == ":link" and tag == "a" and "href" in attributes)


@dataclass(frozen=True, slots=True)
class Selector:
    """Compounds from left to right, and the combinators between them: " ", ">", "+" or "~"."""

    compounds: tuple[Compound, ...]
    combinators: tuple[str, ...]
    weight: tuple[int, int, int]  # ids; classes, attributes and states; tags


@lru_cache(maxsize=4_096)
def selectors(text: str) -> tuple[Selector, ...]:
    """Return the selectors of a list; those with anything unknown are left out, as programs do."""
    parts = _COMMA.findall(text)[:MOST]
    return tuple(each for each in map(_selector, parts) if each is not None)


def _selector(text: str) -> Selector | None:
    compounds: list[Compound] = []
    combinators: list[str] = []
    gathered: dict[str, list[str]] = {}
    place, text = 0, text.strip()
    weight = [0, 0, 0]
    while place < len(text):
        match = _PART.match(text, place)
        if match is None or len(compounds) > MOST:
            return None
        place = match.end()
        kind, value = _kind(match)
        if kind in ("combinator", "space"):
            if not gathered:
                return None
            compounds.append(_compound(gathered))
            combinators.append(value.strip() or " ")
            gathered = {}
            continue
        gathered.setdefault(kind, []).append(value)
        if kind == "id":
            weight[0] += 1
        elif kind == "tag" or value.startswith("::"):
            weight[2] += value != "*"
        else:
            weight[1] += 1
    if not gathered:
        return None
    return Selector((*compounds, _compound(gathered)), tuple(combinators), (weight[0], weight[1], weight[2]))


def _kind(match: re.Match[str]) -> tuple[str, str]:
    kind = str(match.lastgroup)
    return kind, str(match.group(kind))


def _compound(gathered: dict[str, list[str]]) -> Compound:
    tag = (gathered.get("tag") or [""])[-1].lower()
    return Compound(
        tag="" if tag == "*" else tag,
        id=(gathered.get("id") or [""])[-1],
        classes=frozenset(gathered.get("class", ())),
        attributes=tuple(_attributes(gathered.get("attribute", ()))),
        pseudos=tuple(each.lower() for each in gathered.get("pseudo", ())),
    )


def _attributes(texts: list[str] | tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for text in texts:
        match = _ATTRIBUTE.match(text)
        # What cannot be read is taken for an attribute nobody has: the rule is for no element.
        yield (match[1].lower(), match[2] or "", match[3] or "") if match else ("\0", "", "")
