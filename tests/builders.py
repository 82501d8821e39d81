"""Small values of the core types for tests: stories, editions, people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from digest.mail.parts import encode
from digest.model.editions import Edition, FilledSection, Item, Publication, Rendered, Section
from digest.model.mail import EditionKey, Parts, Subscriber
from digest.model.news import Cluster, Story
from digest.store.deliveries import Deliveries
from digest.store.editions import Editions
from digest.store.engine import Store
from digest.store.subscribers import Subscribers

NOW = datetime(2026, 11, 23, 6, 40, tzinfo=UTC)
DAY = date(2026, 11, 23)
KEY = EditionKey("daily", DAY)
PUBLICATION = Publication(
    name="The Morning Halyard",
    tagline="World news, hoisted before seven",
    sender="The Morning Halyard <news@halyard.example>",
    reply_to="desk@halyard.example",
    postal_address="4 Ropewalk Steps, Port Iselin",
    public_url="https://halyard.example",
    time_zone="Europe/Lisbon",
)


def story(name: str, **changes: Any) -> Story:
    values: dict[str, Any] = {
        "id": name,
        "url": f"https://read.example/{name}",
        "title": f"Headline of {name}",
        "headline": f"Headline of {name}",
        "teaser": f"What {name} is about.",
        "source": "Calder Wire",
        "feed": "https://calder.example/feed",
        "feed_name": "Calder Wire",
        "published": NOW - timedelta(hours=2),
        "seen": NOW - timedelta(hours=1),
    }
    return Story(**{**values, **changes})


def item(name: str, **changes: Any) -> Item:
    lead = story(name)
    values: dict[str, Any] = {
        "cluster": Cluster(stories=(lead,), lead=lead),
        "headline": lead.headline,
        "teaser": lead.teaser,
    }
    return Item(**{**values, **changes})


def filled(slug: str, items: Sequence[Item], **changes: Any) -> FilledSection:
    return FilledSection(section=Section(slug=slug, title=slug.title(), **changes), items=tuple(items))


def edition(**changes: Any) -> Edition:
    values: dict[str, Any] = {
        "digest": "daily",
        "day": DAY,
        "subject": "Headline of harbour",
        "preheader": "Headline of ferry · Headline of wheat, in words enough",
        "sections": (
            filled("foreign", [item("harbour"), item("ferry")]),
            filled("trade", [item("wheat")]),
            filled("science", []),
        ),
        "built_at": NOW,
    }
    return Edition(**{**values, **changes})


def rendered(nonce: str = "0123456789ab") -> Rendered:
    """A rendered edition small enough to read."""
    slot = f"%%{nonce}.{{}}%%"
    cut = f"<!--cut:{nonce}:{{}}-->"
    html = (
        f"<!DOCTYPE html><p>{slot.format('preheader')}</p>"
        + "".join(f"{cut.format(f'any:{slug}')}<h2>{slug}</h2>" for slug in ("foreign", "trade"))
        + f"{cut.format('asked:science')}<p>Nothing new in Science.</p>{cut.format('')}"
        + f'<a href="{slot.format("unsubscribe_url")}">Leave</a> {slot.format("email")}'
    )
    text = (
        "".join(f"{cut.format(f'any:{slug}')}\n{slug}\n.dots begin this line\n" for slug in ("foreign", "trade"))
        + f"{cut.format('asked:science')}\nNothing new in Science.\n{cut.format('')}\n"
        + f"Leave:\n{slot.format('unsubscribe_url')}\n{slot.format('stories')} stories, ünïcode\n"
    )
    return Rendered(language="en", subject="Headline of harbour", preheader="Before", html=html, text=text, nonce=nonce)


def parts(of: Edition | None = None, number: int = 1) -> Parts:
    return encode(rendered(), of or edition(), number=number, language="en")


def person(name: str, /, **changes: Any) -> Subscriber:
    address = f"{name}@example.org"
    values: dict[str, Any] = {"id": f"id-{name}", "email": address, "email_key": address, "name": name.title()}
    return Subscriber(**{**values, **changes})


def approved(store: Store, people: Sequence[Subscriber], *, on_doubt: Any = "resend", day: date = DAY) -> Deliveries:
    """Put an approved edition and its readers into a store; return the ledger, nothing planned yet."""
    editions = Editions(store)
    made = replace(edition(), day=day)
    editions.save_base(made, now=NOW)
    editions.approve(
        KEY._replace(day=day), [replace(parts(made), number=1 + (day - DAY).days)], [], edits=0, by="test", now=NOW
    )
    Subscribers(store).merge(people, now=NOW)
    return Deliveries(store, on_doubt=on_doubt)


def bounce_of(return_path: str) -> str:
    """A server's report (RFC 3464) that a copy cannot be delivered; whom it names is not who the copy was for."""
    return f"""\
From: mailer-daemon@mx.tarn.example
To: {return_path}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.tarn.example

Final-Recipient: rfc822; somebody@else.example
Action: failed
Status: 5.1.1

--b--
"""
