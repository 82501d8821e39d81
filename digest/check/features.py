"""Which of caniemail's features a mail uses, how often, and where first.

A feature counts once for each element it is used on, by a style attribute or a rule of a style sheet that is always on,
and a selector once for each such rule. What stands in at-rules alone counts once: it refines what is drawn without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from digest.check.css import AtRule, Declaration, Rule, Sheet
from digest.check.page import Node, Page, address


@dataclass(slots=True)
class Use:
    """How a feature is used."""

    count: int
    where: str  # the first place


# Tags of which caniemail tests several as one, or under another name.
_TAGS = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "html-h1-h6"),
    **dict.fromkeys(("ul", "ol", "li", "dl", "dt", "dd"), "html-lists"),
    **dict.fromkeys(
        ("article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "mark", "nav", "section",
         "summary", "time"), "html-semantics",
    ),
    **dict.fromkeys(("table", "tr", "td", "th", "tbody"), "html-table"),
    **dict.fromkeys(("object", "embed"), "html-object"),
    **dict.fromkeys(("strong", "b"), "html-strong"),
    **dict.fromkeys(("strike", "s"), "html-strike"),
    **dict.fromkeys(("map", "area"), "html-image-maps"),
    **{name: f"html-{name}" for name in (
        "abbr", "acronym", "address", "audio", "base", "bdi", "blockquote", "body", "code", "del", "dfn", "dialog",
        "div", "form", "hr", "img", "link", "marquee", "meter", "p", "picture", "pre", "progress", "rp", "rt", "ruby",
        "select", "small", "span", "style", "svg", "textarea", "video", "wbr",
    )},
}  # fmt: skip
_ATTRIBUTES = {
    name: f"html-{name}" for name in (
        "align", "valign", "aria-describedby", "aria-hidden", "aria-label", "aria-labelledby", "aria-live",
        "background", "cellpadding", "cellspacing", "dir", "height", "hidden", "lang", "popover", "required", "role",
        "srcset", "target", "width",
    )
} | {"loading": "html-loading-attribute", "usemap": "html-image-maps", "inert": "css-inert-attribute",
     "bgcolor": "css-background-color"}  # fmt: skip
_INPUTS = {
    "checkbox": "html-input-checkbox", "hidden": "html-input-hidden", "radio": "html-input-radio",
    "reset": "html-input-reset", "submit": "html-input-submit", "text": "html-input-text", "": "html-input-text",
}  # fmt: skip
_FORMATS = {
    "apng": "apng", "avif": "avif", "bmp": "bmp", "gif": "gif", "hdr": "hdr", "heif": "heif", "heic": "heif",
    "ico": "ico", "jpg": "jpg", "jpeg": "jpg", "mp4": "mp4", "png": "png", "ppm": "ppm", "svg": "svg", "tif": "tiff",
    "tiff": "tiff", "webp": "webp",
}  # fmt: skip
# Properties that caniemail tests under another name than css-NAME.
_FAMILIES = (
    (re.compile(r"border(?:-(?:top|right|bottom|left))?(?:-(?:width|style|color))?"), "css-border"),
    (re.compile(r"border-(?:top|bottom)-(?:left|right)-radius"), "css-border-radius"),
    (re.compile(r"border-(?:start|end)-(?:start|end)-radius"), "css-border-radius-logical"),
    (re.compile(r"border-(?:inline|block)(?:-(?:width|style|color))?"), "css-border-inline-block"),
    (re.compile(r"border-(?:inline|block)-(?:start|end)"), "css-border-inline-block-individual"),
    (re.compile(r"border-(?:inline|block)-(?:start|end)-.+"), "css-border-inline-block-longhand"),
    (re.compile(r"border-image-.+"), "css-border-image"),
    (re.compile(r"padding(?:-(?:top|right|bottom|left))?"), "css-padding"),
    (re.compile(r"padding-(?:inline|block)"), "css-padding-inline-block"),
    (re.compile(r"padding-inline-(?:start|end)"), "css-padding-inline-start-end"),
    (re.compile(r"padding-block-(?:start|end)"), "css-padding-block-start-end"),
    (re.compile(r"margin(?:-(?:top|right|bottom|left))?"), "css-margin"),
    (re.compile(r"margin-(?:inline|block)"), "css-margin-inline-block"),
    (re.compile(r"margin-inline-(?:start|end)"), "css-margin-inline-start-end"),
    (re.compile(r"margin-block-(?:start|end)"), "css-margin-block-start-end"),
    (re.compile(r"top|right|bottom|left"), "css-left-right-top-bottom"),
    (re.compile(r"inset(?:-.+)?"), "css-inset"),
    (re.compile(r"(?:row-|column-)?gap"), "css-gap"),
    (re.compile(r"grid-template(?:-.+)?"), "css-grid-template"),
    (re.compile(r"columns|column-(?:rule|span|fill|width)(?:-.+)?"), "css-column-layout-properties"),
    (re.compile(r"overflow-[xy]"), "css-overflow"),
    (re.compile(r"outline-(?:width|style|color)"), "css-outline"),
    (re.compile(r"scroll-snap-.+"), "css-scroll-snap"),
    (re.compile(r"contain-intrinsic-.+"), "css-intrinsic-size"),
    (re.compile(r"text-emphasis-(?:color|style)"), "css-text-emphasis"),
    (re.compile(r"animation-.+"), "css-animation"),
    (re.compile(r"transition-.+"), "css-transition"),
    (re.compile(r"(?:inline|block)-size"), "css-block-inline-size"),
    (re.compile(r"mask(?:-.+)?"), "css-mask-image"),
    (re.compile(r"white-space-collapse"), "css-white-space-collapse"),
    (re.compile(r"--.+"), "css-variables"),
)
_VALUES = (
    (re.compile(r"\bcalc\(", re.I), "css-unit-calc"),
    (re.compile(r"\bclamp\(", re.I), "css-function-clamp"),
    (re.compile(r"\blight-dark\(", re.I), "css-function-light-dark"),
    (re.compile(r"\bmax\(", re.I), "css-function-max"),
    (re.compile(r"\bmin\(", re.I), "css-function-min"),
    (re.compile(r"\blinear-gradient\(", re.I), "css-linear-gradient"),
    (re.compile(r"\bradial-gradient\(", re.I), "css-radial-gradient"),
    (re.compile(r"\bconic-gradient\(", re.I), "css-conic-gradient"),
    (re.compile(r"\brgba\(", re.I), "css-rgba"),
    (re.compile(r"\brgb\([^)]*,", re.I), "css-rgb"),
    (re.compile(r"\b(?:hwb|lab|lch|oklab|oklch|color|color-mix)\(|\brgba?\([^,)]*\)", re.I), "css-modern-color"),
    (re.compile(r"\bvar\(", re.I), "css-variables"),
    (re.compile(r"\binitial\b", re.I), "css-unit-initial"),
    (re.compile(r"\bsystem-ui\b", re.I), "css-sytem-ui"),  # so it is spelt there
)
_UNIT = re.compile(r"(?<![\w#-])[-+]?\d*\.?\d+(px|em|rem|pt|pc|cm|mm|in|ex|ch|vh|vw|vmin|vmax|%)", re.I)
_MEDIA = {
    "prefers-color-scheme": "css-at-media-prefers-color-scheme",
    "prefers-reduced-motion": "css-at-media-prefers-reduced-motion",
    "orientation": "css-at-media-orientation",
    "device-pixel-ratio": "css-at-media-device-pixel-ratio",
    "hover": "css-at-media-hover",
}
_AT_RULES = {name: f"css-at-{name}" for name in ("font-face", "import", "keyframes", "supports")}
_PSEUDO = re.compile(r"(::?)([a-z-]+)")
_ELEMENTS = frozenset({"after", "before", "first-letter", "first-line", "marker", "placeholder"})


def features(page: Page) -> dict[str, Use]:
    """Return the features a page uses, by caniemail's name for each."""
    found: dict[str, Use] = {}
    for slug, where, count in _all(page):
        use = found.get(slug)
        if use is None:
            found[slug] = Use(count, where)
        else:
            use.count += count
    return found


def _all(page: Page) -> Iterator[tuple[str, str, int]]:
    if page.html.lstrip()[:9].lower() == "<!doctype":
        yield "html-doctype", "html:1", 1
    for node in page.nodes:
        for slug in {*_of_tag(node), *_of_attributes(node), *_of_style(node.style)}:
            yield slug, node.where, 1
    for _, made in page.sheets:
        yield from _of_sheet(made)
    yield from _of_rules(page)


def _of_sheet(made: Sheet) -> Iterator[tuple[str, str, int]]:
    for at_rule in made.at_rules:
        for slug in _of_at_rule(at_rule):
            yield slug, f"html:{at_rule.line}", 1
    if made.has_comments:
        yield "css-comments", "html:1", 1
    for rule in made.rules:
        if rule.nested:
            yield "css-nesting", f"html:{rule.line}", 1


def _of_at_rule(at_rule: AtRule) -> Iterator[str]:
    name = at_rule.name.removeprefix("-webkit-")
    if name == "media":
        yield "css-at-media"
        yield from (slug for word, slug in _MEDIA.items() if word in at_rule.prelude.lower())
    elif name in _AT_RULES:
        yield _AT_RULES[name]


def _of_rules(page: Page) -> Iterator[tuple[str, str, int]]:
    """Yield what rules ask for: their properties on each element they are for, their selectors once."""
    reached: dict[int, set[int]] = {}
    rules: dict[int, Rule] = {}
    for each in page.matched:
        rules[each.order] = each.rule
        reached.setdefault(each.order, set()).update(each.nodes)
    refined: dict[str, str] = {}
    for order, rule in rules.items():
        where, count = f"html:{rule.line}", len(reached[order])
        # States and pseudo-elements are for elements that only a program's window shows.
        if not count and ":" in rule.selector:
            count = 1
        declared, asked = set(_of_style(rule.declarations)), set(_of_selector(rule.selector))
        if rule.within:
            refined.update((slug, refined.get(slug, where)) for slug in (*declared, *asked))
        elif count:
            yield from ((slug, where, count) for slug in declared)
            yield from ((slug, where, 1) for slug in asked)
    yield from ((slug, where, 1) for slug, where in refined.items())


def _of_tag(node: Node) -> Iterator[str]:
    if node.tag in _TAGS:
        yield _TAGS[node.tag]
    elif node.tag == "input":
        kind = _INPUTS.get(node.attributes.get("type", "").lower())
        if kind:
            yield kind
    elif node.tag == "button":
        yield "html-button-reset" if node.attributes.get("type") == "reset" else "html-button-submit"
    elif node.tag == "meta" and node.attributes.get("name", "").lower() == "color-scheme":
        yield "html-meta-color-scheme"
    if node.tag == "a":
        target = node.attributes.get("href", "").strip().lower()
        if target.startswith("#"):
            yield "html-anchor-links"
        elif target.startswith("mailto:"):
            yield "html-mailto-links"
    if node.tag in ("img", "source", "video"):
        kind = format_of(node.attributes.get("src") or node.attributes.get("srcset", ""))
        if kind:
            yield f"image-{kind}"


def _of_attributes(node: Node) -> Iterator[str]:
    if node.tag not in ("svg", "input"):
        for name in node.attributes.keys() & _ATTRIBUTES.keys():
            yield _ATTRIBUTES[name]


def format_of(source: str) -> str:
    """Return the format of a picture's address as caniemail calls it ("jpg"), "" where it does not say."""
    if source[:11].lower().startswith("data:image/"):
        return "base64"
    parts = address(source.split(" ")[0])
    return _FORMATS.get(parts.path.rpartition(".")[2].lower(), "") if parts else ""


def _of_style(declared: Iterable[Declaration]) -> Iterator[str]:
    for each in declared:
        yield from _of_property(each.name)
        if each.important:
            yield "css-important"
        if each.name == "display":
            value = each.value.lower().removeprefix("inline-")
            if value in ("flex", "grid", "none"):
                yield f"css-display-{value}"
        for unit in set(_UNIT.findall(each.value)):
            yield "css-unit-percent" if unit == "%" else f"css-unit-{unit.lower()}"
        if "(" in each.value or "i" in each.value.lower():
            for pattern, slug in _VALUES:
                if pattern.search(each.value):
                    yield slug


def _of_property(name: str) -> Iterator[str]:
    name = name if name.startswith("--") else re.sub(r"^-(?:webkit|moz|o)-", "", name)
    for pattern, slug in _FAMILIES:
        if pattern.fullmatch(name):
            yield slug
            return
    if not name.startswith(("mso-", "-ms-")):
        yield f"css-{name}"


def _of_selector(text: str) -> Iterator[str]:
    if "," in text:
        yield "css-selector-grouping"
    bare = re.sub(r"\[[^\]]*\]|\([^)]*\)", lambda match: "[]" if match[0][0] == "[" else "", text)
    for pattern, slug in (
        (r"\[\]", "attribute"), (r"\.[\w-]", "class"), (r"#[\w-]", "id"), (r">", "child"), (r"\+", "adjacent-sibling"),
        (r"~", "general-sibling"), (r"\*", "universal"), (r"[\w\])]\s+[\w.#\[*:]", "descendant"),
        (r"[\w\]]\.[\w-]", "chaining"), (r"(?:^|[\s,>+~])[a-z]", "type"),
    ):  # fmt: skip
        if re.search(pattern, bare):
            yield f"css-selector-{slug}"
    for colons, name in _PSEUDO.findall(bare):
        is_element = len(colons) == 2 or name in ("after", "before", "first-letter", "first-line")
        yield f"css-pseudo-{'element' if is_element and name in _ELEMENTS else 'class'}-{name}"
