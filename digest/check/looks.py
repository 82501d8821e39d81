"""What a mail program makes of each element: its colours, its size, and whether it is seen, in the light and the dark.

Style sheets and style attributes are cascaded as on a screen of 700 px. What cannot be told (a picture behind words,
`var()`) is None, and nothing is said about it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from digest.check.colour import BLACK, WHITE, colour, over
from digest.check.css import Declaration
from digest.check.page import Matched, Node, Page
from digest.model.contrast import Rgb, contrast

WIDTH = 700  # pixels of the screen
DARK_CANVAS: Rgb = (0.071, 0.071, 0.071)  # what is behind a page that says it knows the dark, and no more
_WANTED = frozenset({
    "color", "background", "background-color", "background-image", "display", "visibility", "opacity", "font",
    "font-size", "font-weight", "max-height", "height", "overflow", "text-indent", "mso-hide",
})  # fmt: skip
_SIZES = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0,
          "xx-large": 32.0}  # fmt: skip
_LENGTH = re.compile(r"(-?\d*\.?\d+)(px|pt|em|rem|%|)\Z")
_HEADINGS = {"h1": 32.0, "h2": 24.0, "h3": 18.72, "h4": 16.0, "h5": 13.28, "h6": 10.72}
_BOLD = frozenset({"b", "strong", "th", *_HEADINGS})
_SILENT = frozenset({"head", "style", "script", "title", "template", "noscript"})
_FEATURE = re.compile(r"\(\s*([a-z-]+)\s*(?::\s*([^()]+?)\s*)?\)")


@dataclass(frozen=True, slots=True)
class Look:
    """How an element's own words are seen."""

    colour: Rgb | None = BLACK
    ground: Rgb | None = WHITE
    size: float = 16.0  # pixels
    bold: bool = False
    hidden: str = ""  # why nobody sees it: "display:none"; "" where it is seen

    @property
    def hides_all(self) -> bool:
        """Whether nothing in the element is seen, whatever its own look."""
        return bool(self.hidden) and not self.hidden.startswith(("font-size", "visibility", "the colour"))

    @property
    def is_large(self) -> bool:
        """Whether its words are large as WCAG 2.2 means it: 24 px, or 18.66 px and bold."""
        return self.size >= 24 or (self.bold and self.size >= 18.66)


def looks(page: Page, *, dark: bool = False) -> tuple[Look, ...]:
    """Return the look of each of the page's elements, in their order."""
    declared = _declared(page, dark)
    knows_dark = dark and _says_dark(page)
    canvas = Look(colour=WHITE, ground=DARK_CANVAS) if knows_dark else Look()
    made: list[Look] = []
    for node in page.nodes:
        base = made[node.parent] if node.parent >= 0 else canvas
        made.append(_look(node, base, declared.get(node.place, {})))
    return tuple(made)


def has_dark(page: Page) -> bool:
    """Tell whether the page says how it looks in the dark."""
    return any("prefers-color-scheme" in rule.prelude for _, sheet in page.sheets for rule in sheet.at_rules)


def applies(within: tuple[str, ...], *, dark: bool) -> bool:
    """Tell whether rules within these at-rules hold on a screen of 700 px."""
    return all(_holds(prelude, dark) for prelude in within)


def _holds(prelude: str, dark: bool) -> bool:
    name, _, query = prelude.lower().partition(" ") if " " in prelude else (prelude.lower(), "", "")
    if name.startswith("@media("):
        name, query = "@media", prelude.lower()[6:]
    if name not in ("@media", "@supports"):
        return False
    return name == "@supports" or any(_query(each, dark) for each in query.split(","))


def _query(query: str, dark: bool) -> bool:
    words = _FEATURE.sub(" ", query).split()
    if any(word in ("print", "speech", "not", "or") for word in words):
        return False
    for name, value in _FEATURE.findall(query):
        pixels = _LENGTH.match(value)
        limit = float(pixels[1]) * (16 if pixels[2] in ("em", "rem") else 1) if pixels else 0.0
        holds = {
            "min-width": limit <= WIDTH,
            "max-width": limit >= WIDTH,
            "min-device-width": limit <= WIDTH,
            "max-device-width": limit >= WIDTH,
            "prefers-color-scheme": value == ("dark" if dark else "light"),
        }
        if not holds.get(name, False):
            return False
    return True


def _says_dark(page: Page) -> bool:
    metas = (node for node in page.of("meta") if node.attributes.get("name", "").lower() == "color-scheme")
    if any("dark" in node.attributes.get("content", "") for node in metas):
        return True
    return any(
        declared.name == "color-scheme" and "dark" in declared.value
        for _, sheet in page.sheets
        for rule in sheet.rules
        for declared in rule.declarations
    )


def _declared(page: Page, dark: bool) -> dict[int, dict[str, str]]:
    """Return the winning declarations of each element: by importance, then weight, then order."""
    active = [each for each in page.matched if applies(each.rule.within, dark=dark)]
    active.sort(key=lambda each: (each.selector.weight, each.order))
    found: dict[int, dict[str, str]] = {}
    _apply(active, found, important=False)
    for node in page.nodes:
        _own(node, found, important=False)
    _apply(active, found, important=True)
    for node in page.nodes:
        _own(node, found, important=True)
    return found


def _apply(active: list[Matched], found: dict[int, dict[str, str]], *, important: bool) -> None:
    for each in active:
        wanted = _of(each.rule.declarations, important)
        for place in each.nodes if wanted else ():
            _put(found.setdefault(place, {}), wanted)


def _own(node: Node, found: dict[int, dict[str, str]], *, important: bool) -> None:
    if node.style and (wanted := _of(node.style, important)):
        _put(found.setdefault(node.place, {}), wanted)


def _of(declared: tuple[Declaration, ...], important: bool) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in declared if each.important == important and each.name in _WANTED]


def _put(into: dict[str, str], declared: list[tuple[str, str]]) -> None:
    """Let later declarations replace earlier ones; a shorthand replaces what it stands for."""
    for name, value in declared:
        if name == "background":
            into.pop("background-color", None)
            into.pop("background-image", None)
        elif name == "font":
            into.pop("font-size", None)
            into.pop("font-weight", None)
        into[name] = value.lower()


def _look(node: Node, base: Look, own: dict[str, str]) -> Look:
    if not own and not node.attributes and node.tag not in _BOLD and node.tag not in _SILENT:
        return base
    size = _size(node, base, own)
    ground = _ground(node, base, own)
    ink = _ink(node, base, own, ground)
    return Look(
        colour=ink,
        ground=ground,
        size=size,
        bold=_is_bold(node, base, own),
        hidden=_hidden(node, base, own, size),
    )


def _size(node: Node, base: Look, own: dict[str, str]) -> float:
    inherited = _HEADINGS.get(node.tag, base.size)
    text = own.get("font-size", "")
    if not text and "font" in own:
        text = next((part.partition("/")[0] for part in own["font"].split() if part[:1].isdigit()
                     and not part.isdigit()), "")  # fmt: skip
    return _pixels(text, base.size, inherited)


def _pixels(text: str, whole: float, otherwise: float) -> float:
    match = _LENGTH.match(text)
    if not match:
        return _SIZES.get(text, otherwise)
    factor = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": whole, "rem": 16.0, "%": whole / 100}[match[2]]
    return float(match[1]) * factor


def _is_bold(node: Node, base: Look, own: dict[str, str]) -> bool:
    text = own.get("font-weight") or own.get("font", "")
    if not text:
        return base.bold or node.tag in _BOLD
    return any(part in ("bold", "bolder") or (part.isdigit() and int(part[:6]) >= 600) for part in text.split())


def _ground(node: Node, base: Look, own: dict[str, str]) -> Rgb | None:
    texts = [own.get("background-color", ""), *own.get("background", "").replace("!", " ").split()]
    if not any(texts):
        texts = [node.attributes.get("bgcolor", "")]
    pictures = f"{own.get('background', '')} {own.get('background-image', '')} {node.attributes.get('background', '')}"
    known = [found for text in texts if text and (found := colour(text)) is not None]
    if known:
        tone, opacity = known[0]
        if opacity == 1.0:
            return tone
        return over(tone, opacity, base.ground) if base.ground is not None else None
    is_unknown = "url(" in pictures or "gradient(" in pictures or "var(" in pictures
    return None if is_unknown or node.attributes.get("background") else base.ground


def _ink(node: Node, base: Look, own: dict[str, str], ground: Rgb | None) -> Rgb | None:
    text = own.get("color", "")
    if not text and node.tag == "font":
        text = node.attributes.get("color", "")
    if not text and node.tag == "body":
        text = node.attributes.get("text", "")
    if not text:
        # A link nobody coloured is blue, and in the dark a light blue: programs choose it to be read.
        return None if node.tag == "a" and "href" in node.attributes else base.colour
    if text in ("inherit", "currentcolor", "unset"):
        return base.colour
    found = colour(text)
    if found is None:
        return None
    return over(found[0], found[1], ground) if ground is not None else found[0]


def _hidden(node: Node, base: Look, own: dict[str, str], size: float) -> str:
    """Return why its words are not seen: what hides an element hides all in it, but for its size and `visibility`."""
    inherited = base.hidden if not base.hidden.startswith(("font-size", "visibility")) else ""
    if base.hidden.startswith("visibility") and own.get("visibility", "hidden") != "visible":
        inherited = base.hidden
    if inherited or node.tag in _SILENT:
        return inherited or node.tag
    for name, value in (("display", "none"), ("visibility", "hidden")):
        if own.get(name) == value:
            return f"{name}:{value}"
    if "hidden" in node.attributes and "display" not in own:
        return "hidden"
    if size < 2:
        return f"font-size:{size:g}px"
    if own.get("opacity") in ("0", "0.0", "0%"):
        return "opacity:0"
    if own.get("overflow") == "hidden":
        for name in ("max-height", "height"):
            if _pixels(own.get(name, "auto"), 16, 100) < 2:
                return f"{name}:{own[name]}"
    if _pixels(own.get("text-indent", "0"), 16, 0) < -500:
        return f"text-indent:{own['text-indent']}"
    return ""


def faded(look: Look) -> Look:
    """Return the look, hidden where its words have the colour of their ground."""
    if look.hidden or look.colour is None or look.ground is None or contrast(look.colour, look.ground) >= 1.1:
        return look
    return replace(look, hidden="the colour of its ground")


def shown_somewhere(page: Page) -> Iterator[int]:
    """Yield the elements that some rule of some screen shows: they are hidden on others alone."""
    for each in page.matched:
        for declared in each.rule.declarations:
            if declared.name in ("display", "visibility") and declared.value.lower() not in ("none", "hidden"):
                yield from each.nodes
