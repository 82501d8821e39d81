"""The list of subscribers, its steps bound to the real things."""

from __future__ import annotations

import csv
import hashlib
import io
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from digest.dates import edition_day
from digest.errors import FileProblem, UsageError
from digest.model.mail import Suppression
from digest.pipeline import listing
from digest.wiring import Wiring


class Roster:
    """What comes into the list, what goes out of it, and who leaves."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring, self.settings = wiring, wiring.settings

    def import_file(
        self,
        data: bytes | BinaryIO,
        name: str,
        *,
        beside: Path | None,
        overwrite: bool = False,
        dry_run: bool = False,
        revive: str = "",
    ) -> listing.ImportReport:
        """Merge a CSV file into the list; with a reason in ``revive`` people who left come back."""
        return listing.import_roster(
            data,
            name=name,
            rejected_to=None if beside is None else beside.with_suffix(".rejected.csv"),
            sections=[section.slug for section in self.settings.sections],
            digests=[each.name for each in self.settings.digests],
            store=self.wiring.subscribers,
            new_id=lambda: secrets.token_hex(10),
            overwrite=overwrite,
            dry_run=dry_run,
            revive=revive,
            hash_of=self.wiring.address_hash,
            clock=self.wiring.clock,
        )

    def merge_file(self) -> listing.ImportReport | None:
        """Merge the subscribers' file beside the config where it changed since; None where there was nothing to do."""
        path = self.settings.subscribers_file
        try:
            with path.open("rb") as file:
                key = hashlib.file_digest(file, "sha256").hexdigest()
                if self.wiring.subscribers.merged_file(str(path)) == key:
                    return None
                file.seek(0)
                before = self.wiring.subscribers.merged_rows(str(path))
                report = listing.shrunken(self.import_file(file, path.name, beside=path), before)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileProblem.unread(error, path) from None
        self.wiring.subscribers.remember_file(str(path), key, report.rows, now=self.wiring.clock.now())
        return report

    def export(self) -> Iterator[str]:
        """Yield the list as CSV."""
        from digest.subscribers.roster import Listed, export_rows

        everyone = self.wiring.subscribers
        people = (
            Listed(person=person, status_since=since, created=created) for person, since, created in everyone.dated()
        )
        return export_rows(people, everyone.attribute_names())

    def add(self, address: str, columns: Mapping[str, str], *, revive: str = "") -> listing.ImportReport:
        """Put one person on the list, or change what the list says of her; ``columns`` as in a CSV file.

        Raises UsageError for what no row may hold, and for somebody who left, unless ``revive`` gives a reason.
        """
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["email", *columns], [address, *columns.values()]])
        report = self.import_file(out.getvalue().encode("utf-8"), "the command line", beside=None, revive=revive)
        if report.rejected:
            raise UsageError(report.rejected[0].partition(": ")[2], where=address)
        if report.left:
            fix = 'to bring her back, give a reason: --resubscribe "asked by letter on …"'
            raise UsageError("this address left, bounced or complained, and stays away", where=address, fix=fix)
        return report

    def key(self, address: str) -> str:
        """Return the normalised form of an address; raises UsageError for none."""
        from digest.subscribers.addresses import key_of

        try:
            return key_of(address)
        except ValueError as error:
            raise UsageError(f"{address!r} is no address ({error})", where="ADDRESS", fix="correct it") from None

    def known(self, address: str) -> dict[str, Any]:
        """Return everything kept of an address as JSON values; raises UsageError for no address."""
        key = self.key(address)
        today = edition_day(self.wiring.clock.now(), self.settings.zone)
        return self.wiring.persons.known(key, hashed=self.wiring.address_hash(key), today=today)

    def erase(self, address: str) -> dict[str, int]:
        """Forget a person; return what was erased or made nameless. Her address stays away by a hash."""
        key = self.key(address)
        return self.wiring.persons.erase(
            key,
            hashed=self.wiring.address_hash(key),
            alias=f"erased-{secrets.token_hex(8)}",
            now=self.wiring.clock.now(),
        )

    def remove(self, address: str) -> bool:
        """Unsubscribe and suppress an address for good; tell whether it was on the list. Raises UsageError."""
        key = self.key(address)
        known = self.wiring.subscribers.subscriber(email_key=key) is not None
        now = self.wiring.clock.now()
        self.wiring.subscribers.suppress(
            Suppression(email_key=key, reason="unsubscribed", at=now, source="digest subscribers remove")
        )
        return known
