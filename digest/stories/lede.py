"""The first sentences of a page's text, where its metadata say nothing: with trafilatura, if it is installed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

from digest.stories.page import LARGEST
from digest.stories.sanitize import plain
from digest.stories.teaser import teaser_of

_SHORTEST = 40  # characters; shorter first lines are headlines, bylines and labels


def lede(body: bytes, *, url: str = "", title: str = "") -> str:
    """Return the lede as a teaser, "" where there is none or `digest[extract]` is not installed. Nothing is raised.

    ``title`` is what the page is called: pages repeat it above their text.
    """
    extract = _extractor()
    if extract is None:
        return ""
    try:
        found = extract(
            body[:LARGEST], url=url or None, include_comments=False, include_tables=False, favor_precision=True
        )
    except Exception:  # an extra reads whatever the web holds: what it stumbles over is a page without a lede
        return ""
    lines = [plain(line) for line in (found or "").splitlines()]
    while lines and (len(lines[0]) < _SHORTEST or lines[0].casefold() == title.casefold()):
        lines.pop(0)
    return teaser_of(" ".join(lines))


@cache
def _extractor() -> Callable[..., str | None] | None:
    try:
        import trafilatura
    except ImportError as error:
        if find_spec("trafilatura") is not None:  # half installed: the operator asked for ledes and would get none
            logging.getLogger(__name__).warning(
                "no lede is read from pages: trafilatura does not start (%s); install digest[extract] again", error
            )
        return None
    # What it says of odd pages is for its developers: a page without a lede is nothing to warn an operator of.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura.extract
