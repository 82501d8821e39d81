"""The pages the sample's stories lead to, as far as they are read: what a page says of itself in its head."""

from __future__ import annotations

import json
from datetime import date, datetime
from html import escape
from urllib.parse import urlsplit

from digest.sample.documents import BASE, address_of_piece, papers_and_pieces


def story_page(path: str, *, day: date, now: datetime) -> tuple[bytes, str]:
    """Return a story's page and its media type; raise KeyError for a path that is none."""
    for paper, piece in papers_and_pieces(day, now):
        if urlsplit(address_of_piece(paper, piece)).path == path:
            said = piece.teaser or f"What there is to know of it, told by {piece.byline or paper.title} in a few lines."
            linked = {
                "@context": "https://schema.org",
                "@type": "NewsArticle",
                "headline": piece.headline,
                "description": said,
                "datePublished": piece.published.isoformat(),
                "image": f"{BASE}/pictures/{piece.slug}.jpg",
            }
            page = (
                f'<!doctype html>\n<html lang="{paper.language}"><head><meta charset="utf-8">'
                f"<title>{escape(piece.headline)} – {escape(paper.title)}</title>"
                f'<meta property="og:site_name" content="{escape(paper.title)}">'
                f'<script type="application/ld+json">{json.dumps(linked)}</script></head>'
                f"<body><h1>{escape(piece.headline)}</h1><p>{escape(said)}</p></body></html>\n"
            )
            return page.encode("utf-8"), "text/html; charset=utf-8"
    raise KeyError(path)
