"""What a page says to machines: OpenGraph and JSON-LD (schema.org), made of what people read on it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from digest.dates import iso
from digest.model.archive import Listed
from digest.model.editions import Publication


def script(document: dict[str, Any]) -> str:
    """Return a document as the text of a script element: nothing in it can end the element."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def publisher(publication: Publication, logo: str = "") -> dict[str, Any]:
    """Return who publishes."""
    made: dict[str, Any] = {"@type": "NewsMediaOrganization", "name": publication.name}
    if publication.public_url:
        made["url"] = f"{publication.public_url}/"
    if logo:
        made["logo"] = logo
    return made


def edition(
    listed: Listed,
    *,
    publication: Publication,
    headline: str,
    description: str,
    pictures: Sequence[str],
    stories: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Return an edition as a publication issue with its stories in order, each (headline, address)."""
    made: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": ["PublicationIssue", "CollectionPage"],
        "name": headline,
        "description": description,
        "inLanguage": publication.language,
        "issueNumber": listed.number,
        "datePublished": iso(listed.published_at),
        "dateModified": iso(listed.changed_at),
        "publisher": publisher(publication),
        "isPartOf": {"@type": "Periodical", "name": listed.title},
        "mainEntity": {
            "@type": "ItemList",
            "itemListElement": [
                {"@type": "ListItem", "position": place, "name": name, **({"url": url} if url else {})}
                for place, (name, url) in enumerate(stories, start=1)
            ],
        },
    }
    if listed.url:
        made["url"] = made["@id"] = listed.url
    if pictures:
        made["image"] = list(pictures)
    if listed.corrections:
        made["correction"] = [each.text or each.headline for each in listed.corrections]
    return made


def home(publication: Publication, *, title: str, url: str, search: str = "") -> dict[str, Any]:
    """Return a digest's home; ``search`` is the address of the search page."""
    made: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": title,
        "description": publication.tagline,
        "inLanguage": publication.language,
        "publisher": publisher(publication),
    }
    if url:
        made["url"] = url
    if search:
        made["potentialAction"] = {
            "@type": "SearchAction",
            "target": f"{search}?q={{q}}",
            "query-input": "required name=q",
        }
    return made
