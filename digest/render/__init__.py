"""An edition becomes a mail: one HTML and one plain text a language, with cut marks and slots.

The grammar of marks and slots stands in `digest.model.pieces`. Slots: unsubscribe_url, preferences_url, email, name,
subject, preheader, stories, minutes. Conditions: ``any:slug`` for a section and its entry in the bar, ``asked:slug``
for the note of an empty one, ``any:slug,slug`` for the rights of a source that several sections use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from markupsafe import Markup

from digest.model import links
from digest.model.editions import Edition, Publication, Rendered
from digest.model.languages import direction
from digest.render.catalogue import counted_forms, words
from digest.render.context import in_language, long_day, paragraphs, picture_source, section_view, sponsors_at
from digest.render.foreign import safe, script_of, written
from digest.render.html import compiled
from digest.render.nameplate import nameplate_size
from digest.render.text import FILTERS
from digest.render.theme import Theme, findings
from digest.templating import Environment, fill, origin

SLOTS = ("unsubscribe_url", "preferences_url", "email", "name", "subject", "preheader", "stories", "minutes")

# Pixels that the letters of a whole mail add to the size and height of lines of its reading face.
LATIN = {"size": 0, "line": 0}
ARABIC = {"size": 2, "line": 8}


def nonce_of(edition: Edition, number: int, language: str) -> str:
    """Return 12 hex digits that follow from the edition alone, and that no feed can know beforehand."""
    text = f"{edition.digest}\n{edition.day}\n{number}\n{language}\n"
    text += "\n".join(f"{item.headline}\t{item.teaser}\t{item.cluster.lead.url}" for item in edition.items)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def render(
    edition: Edition,
    *,
    publication: Publication,
    number: int,
    theme: Theme,
    environment: Environment,
    title: str = "",
    language: str = "",
    page: str | None = None,
) -> Rendered:
    """Return an edition rendered whole in one language; the same values give the same bytes. Raises TemplateError.

    ``page`` is the address of its web page in a private archive, whose lists nothing leads to; None = a public one's.
    """
    language = language or publication.language
    nonce = nonce_of(edition, number, language)
    values = context(
        edition, publication=publication, number=number, theme=theme, title=title, language=language, page=page
    )
    values["slot"] = {name: Markup(f"%%{nonce}.{name}%%") for name in SLOTS}  # noqa: S704  # ours, no foreign word in it
    values["cut"] = lambda condition: Markup(f"<!--cut:{nonce}:{condition}-->")  # noqa: S704  # slugs are checked
    environment.filters.update(FILTERS)
    document = "mail/edition.mjml"

    def where(line: int, column: int) -> str:
        found = origin(environment, document, values)
        return (found.at(line, column) if found is not None else "") or f"templates/{document}"

    return Rendered(
        language=language,
        subject=safe(edition.subject, 200),
        preheader=safe(edition.preheader, 200),
        html=compiled(
            fill(environment, document, values),
            fill(environment, f"mail/{theme.name}/theme.css", values),
            where=where,
        ),
        text=_text(fill(environment, "mail/edition.txt", values)),
        nonce=nonce,
        findings=findings(theme),
        counted=counted_forms(language),
    )


def _text(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def context(
    edition: Edition,
    *,
    publication: Publication,
    number: int,
    theme: Theme,
    title: str,
    language: str,
    page: str | None = None,
) -> dict[str, Any]:
    """Return the values a mail template may use (docs/reference/template-contract.md)."""
    every = [
        section_view(each, edition=edition, publication=publication, language=language, page=page)
        for each in edition.sections
    ]
    views = [each for each in every if each.items]
    empty = [each for each in every if not each.items]
    base, turned = (
        publication.public_url,
        publication.direction if language == publication.language else direction(language),
    )
    online = bool(base) and page is None
    return {
        "publication": replace(publication, tagline=in_language(publication.taglines, language, publication.tagline)),
        "theme": theme,
        "title": safe(title or publication.name, 120),
        "nameplate_size": partial(nameplate_size, safe(title or publication.name, 120)),
        "number": number,
        "day": long_day(edition.day, language),
        "language": language,
        "direction": turned,
        "start": "right" if turned == "rtl" else "left",
        "end": "left" if turned == "rtl" else "right",
        "grow": ARABIC if script_of(language) == "arabic" else LATIN,
        "way": partial(_way, language=language),
        "tracked": not script_of(language),
        "sections": views,
        "empty_sections": empty,
        "intro": paragraphs(edition.intro, 2_000),
        "intro_by": safe(edition.intro_by, 120),
        "notes": [safe(note.text, 1_000) for note in edition.notes if not note.after],
        "sponsors": {place: sponsors_at(edition, place, publication) for place in ("top", "imprint")},
        "rights": _rights({view.slug: view.sources for view in views}),
        "logo": _logo(theme, publication),
        "page": links.edition_url(base, edition.digest, edition.day) if online else page or "",
        "home": links.digest_url(base, edition.digest) if online else "",
        "search": links.search_url(base) if online else "",
        "feed": links.feed_url(base, edition.digest) if online else "",
        "forward": links.signup_url(base) if online else "",
        "_": words(language),
    }


def _way(text: str, *, language: str) -> Markup:
    """Return the attribute of words written the other way than the document."""
    return Markup(' dir="ltr"') if written(text, language) else Markup("")


def _logo(theme: Theme, publication: Publication) -> dict[str, object] | None:
    if theme.logo is None:
        return None
    picture = theme.logo
    return {"url": picture_source(publication, picture), "width": picture.width, "height": picture.height}


def _rights(sources: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]]:
    """Return each source with the condition under which it is named: a section that uses it was chosen."""
    used: dict[str, list[str]] = {}
    for slug, names in sources.items():
        for name in names:
            used.setdefault(name, []).append(slug)
    return [{"name": name, "condition": f"any:{','.join(used[name])}"} for name in sorted(used)]


__all__ = ["SLOTS", "context", "nonce_of", "render"]
