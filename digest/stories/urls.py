"""Addresses of stories: what a reader clicks, and what tells that two addresses are one page."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

# Parameters that say how a reader came, never what she reads.
_TRACKING = re.compile(
    r"(?:utm_.*|ga_.*|mc_[ce]id|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|_hs(?:enc|mi)|mkt_tok|wt[._]mc.*"
    r"|wt_zmc|at_(?:medium|campaign|link_.*|ptr_name|format|bbc_team|custom\d?)|ns_(?:mchannel|source|campaign|linkname|fee)"
    r"|cmp(?:id)?|cmpid|ocid|ito|icid|ncid|sr_share|smid|smtyp|partner(?:=rss)?|emc|oref|rss_id|feed(?:type|name)"
    r"|ftag|xtor|trk|spm|s_cid|guccounter|guce_.*|ref_?src|__twitter_impression|tblci|outputtype|cid_source)",
    re.IGNORECASE,
)
# The same, where the value shows it: ref=rss is tracking, ref=heads/main is not.
_TRACKING_VALUES = {
    "ref": ("rss", "feed", "twitter", "facebook", "newsletter", "email"),
    "source": ("rss", "feed", "newsletter", "twitter", "facebook", "email"),
    "from": ("rss", "feed"),
    "rss": ("1", "yes", "true", ""),
    "src": ("rss", "feed"),
    "campaign": ("rss",),
    "cid": ("rss",),
    "medium": ("rss",),
    "partner": ("rss",),
    "traffic_source": ("rss",),
}
_HOST_PREFIX = re.compile(r"^(?:www\d?|m|mobile|amp)\.(?=[^.]+\.)")
_AMP_PATH = re.compile(r"(?:/amp|\.amp|/amp\.html)/?$|(?<=/)amp/(?=.)", re.IGNORECASE)
_AMP_PARAMETERS = frozenset({"amp", "outputtype"})
_PLAIN_PATH = re.compile(r"(?:/[\w.~!$&'()*+,;=:@-]+)*/?", re.ASCII)
_INDEX = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)


def is_tracking(name: str, value: str) -> bool:
    """Tell whether a parameter only says how a reader came."""
    if _TRACKING.fullmatch(name):
        return True
    values = _TRACKING_VALUES.get(name.lower())
    return values is not None and value.lower() in values


def without_tracking(url: str) -> str:
    """Return the address as received less known tracking parameters; everything else byte for byte."""
    head, mark, rest = url.partition("?")
    if not mark:
        return url
    query, hash_mark, fragment = rest.partition("#")
    kept = [part for part in query.split("&") if not is_tracking(*_pair(part))]
    return head + ("?" + "&".join(kept) if kept else "") + hash_mark + fragment


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote(name), unquote(value)


@lru_cache(maxsize=8_192)  # a story's address is asked for several times
def canonical_url(url: str) -> str:
    """Return what is equal for two addresses of one page: for comparing, not for clicking.

    http and https are one, hosts are lower case without www., m. and amp., default ports, fragments, tracking
    parameters, AMP's paths and a slash at the end are gone, and parameters are sorted. What is no web address comes
    back stripped and otherwise as it is.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url
    if parts.scheme.lower() not in ("http", "https") or not host:
        return url
    host = _HOST_PREFIX.sub("", host)
    if port and port not in (80, 443):
        host = f"{host}:{port}"
    path = _AMP_PATH.sub("", _same_escapes(parts.path))
    path = _INDEX.sub("", path).rstrip("/")
    pairs = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not is_tracking(name, value) and name.lower() not in _AMP_PARAMETERS
    ]
    # Fragments name places in a page, but "#!" is how early scripts named pages.
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    return urlunsplit(("https", host, path, urlencode(sorted(pairs)), fragment))


def _same_escapes(path: str) -> str:
    """Return a path escaped in one way only, so that "é" and "%C3%A9" are equal; "%2F" stays apart from "/"."""
    if _PLAIN_PATH.fullmatch(path):
        return path
    pieces = re.sub(r"/{2,}", "/", path).split("/")
    return "/".join(
        quote(unquote(piece, errors="surrogateescape"), safe="~!$&'()*+,;=:@", errors="surrogateescape")
        for piece in pieces
    )
