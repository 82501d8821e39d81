"""What readers may do on the web, bound to the real things: leave, choose, sign up, ask for links, be forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from digest.config import DigestSettings
from digest.dates import edition_day
from digest.model import links
from digest.model.mail import Notice, NoticeKind, SignUp, Subscriber, SubscriberStatus
from digest.wiring import Wiring

if TYPE_CHECKING:
    from digest.store.readers import Standing
    from digest.store.signups import Confirmation

# What a reader did may be taken back so long from the page that said it was done.
TAKE_BACK = timedelta(days=1)
WORDS = "readers"  # the catalogue of their pages and notices


class Readers:
    """The readers' side of a publication. Each method raises StoreError; those with a token raise TokenError."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings, self.clock = wiring, wiring.settings, wiring.clock
        self.publication = self.settings.publication

    @property
    def today(self) -> date:
        """The day it is in the publication's zone."""
        return edition_day(self.clock.now(), self.settings.zone)

    def read_token(self, purpose: str, token: str) -> tuple[str, str]:
        """Return (subscriber's or sign-up's id, digest) of a link."""
        return self.wiring.tokens.read(token, purpose)

    def title(self, digest: str) -> str:
        """Return what a digest is called; the publication's name where it is no more."""
        found = self.settings.digest(digest) if digest else None
        return found.title if found is not None else self.publication.name

    def own_links(self, subscriber: str, digest: str) -> tuple[str, str]:
        """Return (preferences, unsubscribe) as addresses."""
        base, tokens = self.publication.public_url, self.wiring.tokens
        preferences = links.preferences_url(base, tokens.sign("p", subscriber, digest))
        return preferences, links.unsubscribe_url(base, tokens.sign("u", subscriber, digest))

    # Leaving and choosing

    def standing(self, subscriber: str) -> Standing | None:
        """Return how a person stands, or None."""
        return self.wiring.readers.standing(subscriber)

    def leave(self, subscriber: str, digest: str, source: str) -> Future[bool]:
        """Have a person leave a digest ("" = all): committed together with others who leave now."""
        return self.wiring.readers.leave(subscriber, digest, source=source, now=self.clock.now())

    def may_take_back(self, standing: Standing, digest: str) -> bool:
        """Tell whether leaving may be undone from its page: her own word, of the last day."""
        reasons = {name: reason for name, reason in standing.reasons.items() if name in ("", digest)}
        if not reasons or set(reasons.values()) != {"unsubscribed"}:
            return False
        return max(standing.left[name] for name in reasons) > self.clock.now() - TAKE_BACK

    def stay(self, subscriber: str, digest: str) -> bool:
        """Undo leaving; tell whether there was anything to undo."""
        return self.wiring.readers.stay(subscriber, digest, now=self.clock.now())

    def choose(self, subscriber: str, changes: Mapping[str, Any], source: str) -> bool:
        """Keep what a person chose; False where there is no such person."""
        return self.wiring.readers.choose(subscriber, changes, source=source, now=self.clock.now())

    # Signing up

    def ask(
        self, email: str, *, name: str, digests: Sequence[DigestSettings], sections: tuple[str, ...] | None,
        language: str, consent: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Ask the owner of an address by mail whether it was she who signed up; raises ValueError for no address.

        Nothing tells the caller whether the address is known: who gets all of it already is mailed her links instead.
        Asked again within the hour, nothing more is mailed.
        """
        from digest.subscribers.addresses import key_of
        from digest.subscribers.letters import confirm_letter

        key, now = key_of(email), self.clock.now()
        person = self.wiring.subscribers.subscriber(email_key=key)
        stands = self.standing(person.id) if person is not None else None
        if stands is not None and all(stands.gets(each.name) for each in digests):
            self._mail_links(stands.person, language)
            return
        asked = SignUp(
            id=secrets.token_hex(10),
            email=email.strip(),
            email_key=key,
            name=name,
            digests=tuple(each.name for each in digests),
            sections=sections,
            language=language,
            consent=dict(consent),
            asked_at=now,
        )
        link = links.confirm_url(self.publication.public_url, self.wiring.tokens.sign("c", asked.id, asked.digests[0]))
        within = self.settings.serve.confirm_within
        title = digests[0].title if len(digests) == 1 else self.publication.name
        subject, text = confirm_letter(self._words(language), title=title, link=link, days=max(1, within.days))
        wanted = f"confirm:{'+'.join(asked.digests)}"
        if self._queue(NoticeKind.CONFIRM, email.strip(), subject, text, wanted, key, language):
            self.wiring.signups.add(asked)

    def ask_links(self, email: str, language: str) -> None:
        """Mail a reader her own links; raises ValueError for no address. A stranger's address is mailed nothing."""
        from digest.subscribers.addresses import key_of

        person = self.wiring.subscribers.subscriber(email_key=key_of(email))
        if person is not None and person.status in (SubscriberStatus.ACTIVE, SubscriberStatus.PENDING):
            self._mail_links(person, language)

    def _mail_links(self, person: Subscriber, language: str) -> None:
        from digest.subscribers.letters import links_letter

        spoken = person.language or language
        each = [(self.title(name), *self.own_links(person.id, name)) for name in person.digests]
        subject, text = links_letter(self._words(spoken), title=self.publication.name, links=each)
        self._queue(NoticeKind.LINK, person.email, subject, text, "link", person.email_key, spoken)

    def _queue(
        self, kind: NoticeKind, recipient: str, subject: str, text: str, what: str, email_key: str, language: str
    ) -> bool:
        now = self.clock.now()
        # Once an hour: who presses twice, or floods a stranger, causes one mail. The key holds no address.
        key = f"{what}:{self.wiring.address_hash(email_key)[5:29]}:{now:%Y-%m-%dT%H}"
        notice = Notice(kind=kind, recipient=recipient, subject=subject, text=text, key=key, at=now, language=language)
        return self.wiring.notices.queue(notice, now=now)

    def _words(self, language: str) -> Callable[[str], str]:
        from digest.render.catalogue import words

        return words(language, WORDS)

    def signup(self, signup_id: str) -> SignUp | None:
        """Return a sign-up, or None."""
        return self.wiring.signups.signup(signup_id)

    def is_open(self, asked: SignUp) -> bool:
        """Tell whether a sign-up may still be confirmed."""
        return asked.asked_at > self.clock.now() - self.settings.serve.confirm_within

    def confirm(self, asked: SignUp) -> tuple[Confirmation, str]:
        """Confirm a sign-up; return what became of it and the subscriber's id."""
        now = self.clock.now()
        return self.wiring.signups.confirm(
            asked.id,
            new_id=secrets.token_hex(10),
            hashes=[self.wiring.address_hash(asked.email_key)],
            asked_after=now - self.settings.serve.confirm_within,
            now=now,
        )

    def still_gets(self, asked: SignUp) -> bool:
        """Tell whether who signed up is on the list of any of what was asked for."""
        person = self.wiring.subscribers.subscriber(email_key=asked.email_key)
        stands = self.standing(person.id) if person is not None else None
        return stands is not None and any(stands.gets(name) for name in asked.digests)

    # Own data

    def known(self, person: Subscriber) -> dict[str, Any]:
        """Return everything kept of a person, as JSON values."""
        return self.wiring.persons.known(person.email_key, today=self.today)

    def erase(self, email_key: str) -> dict[str, int]:
        """Forget a person; return what was erased. Her address stays away by a hash."""
        return self.wiring.persons.erase(
            email_key,
            hashed=self.wiring.address_hash(email_key),
            alias=f"erased-{secrets.token_hex(8)}",
            now=self.clock.now(),
        )

    # Counts

    def counts(self) -> dict[str, dict[str, int]]:
        """Return counts for the metrics: people by status, notices by state, sign-ups that wait."""
        return {
            "subscribers": self.wiring.readers.by_status(),
            "notices": self.wiring.notices.counts(),
            "signups": {"waiting": self.wiring.signups.waiting()},
        }
