"""The list of subscribers, its steps bound to the real things."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

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
        data: bytes,
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
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileProblem(f"it cannot be read ({error.strerror or error})", where=str(path)) from None
        key = hashlib.sha256(data).hexdigest()
        if self.wiring.subscribers.merged_file(str(path)) == key:
            return None
        report = self.import_file(data, path.name, beside=path)
        self.wiring.subscribers.remember_file(str(path), key, report.rows, now=self.wiring.clock.now())
        return report

    def export(self) -> Iterator[str]:
        """Yield the list as CSV."""
        from digest.subscribers.roster import export_rows

        everyone = self.wiring.subscribers
        return export_rows(everyone.subscribers(), everyone.attribute_names())

    def remove(self, address: str) -> bool:
        """Unsubscribe and suppress an address for good; tell whether it was on the list. Raises UsageError."""
        from digest.subscribers.addresses import key_of

        try:
            key = key_of(address)
        except ValueError as error:
            raise UsageError(f"{address!r} is no address ({error})", where="ADDRESS") from None
        known = self.wiring.subscribers.subscriber(email_key=key) is not None
        now = self.wiring.clock.now()
        self.wiring.subscribers.suppress(
            Suppression(email_key=key, reason="unsubscribed", at=now, source="digest subscribers remove")
        )
        return known
