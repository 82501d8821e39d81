"""The sentence for a day that holds no edition: why there is none, or what makes one."""

from __future__ import annotations

from digest.errors import UsageError
from digest.model.editions import EditionRecord
from digest.model.mail import EditionKey


def no_edition(key: EditionKey, record: EditionRecord | None = None) -> UsageError:
    """Return the error to raise where nothing was built; ``record`` is what is known of the day all the same."""
    said = f"there is no edition of {key.day} of {key.digest!r}"
    if record is not None and record.reason:
        return UsageError(f"{said}: {record.state.value}, {record.reason}", where="--edition", fix="see `digest log`")
    return UsageError(said, where="--edition", fix="`digest build` makes today's, `digest log` lists those there are")
