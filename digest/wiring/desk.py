"""The desk's door: passwords, sessions, links that work once, and the log of who did what."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from threading import Semaphore
from typing import TYPE_CHECKING

from digest.errors import UsageError
from digest.model.desk import Deed, DeskUser, Role, Visitor

if TYPE_CHECKING:
    from digest.wiring import Wiring

# Characters of a password, as OWASP ASVS 2.1 wants it; there are no rules on their kind.
SHORTEST, LONGEST = 12, 128
# A session ends so long after it was opened, and where nobody used it for so long.
LASTS, IDLE = timedelta(days=30), timedelta(days=7)
# Whoever holds the terminal can ask for another link at any time.
LINK_LASTS, TERMINAL_LASTS = timedelta(hours=12), timedelta(days=1)
# Each check takes 64 MiB: more at once would let guessers fill the memory.
CHECKED_AT_ONCE = 2
_NAME = re.compile(r"[^\W_](?:[\w .'-]{0,58}[\w.'-])?")


class Door:
    """Lets people in, and says who they are."""

    def __init__(self, wiring: Wiring) -> None:
        from argon2 import PasswordHasher

        self.wiring, self.store, self.clock = wiring, wiring.desk, wiring.clock
        self._hasher = PasswordHasher()  # argon2id, RFC 9106's second choice: 64 MiB, 3 passes
        self._few = Semaphore(CHECKED_AT_ONCE)
        self._nobodys = self._hasher.hash("nobody has this password")

    # Users

    def users(self) -> tuple[DeskUser, ...]:
        """Return everybody who may log in."""
        return self.store.users()

    def named(self, name: str, role: str) -> str:
        """Return the name as it is kept; raises UsageError where name or role is none, before a password is asked."""
        name = " ".join(name.split())
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} is no name for the desk", where="NAME", fix="use up to 60 letters, digits, blanks and . ' -"
            )
        if role not in tuple(Role):
            raise UsageError(f"there is no role {role!r}", where="--role", fix="choose editor or viewer")
        return name

    def put_user(self, name: str, role: str, password: str) -> bool:
        """Add a user, or change one, which ends her sessions; tell if she is new. Raises UsageError."""
        name = self.named(name, role)
        if not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(
                f"the password has {len(password)} characters",
                fix=f"choose one of {SHORTEST} to {LONGEST}; a few words are easy to keep in mind",
            )
        if name.casefold() in password.casefold():
            raise UsageError("the password holds the name", fix="choose another one")
        return self.store.put_user(name, Role(role), self._hasher.hash(password), now=self.clock.now())

    def remove_user(self, name: str) -> None:
        """Remove a user and end her sessions; raises UsageError where there is none."""
        self.store.remove_user(name)

    # Sessions

    def log_in(self, name: str, password: str, *, address: str) -> str:
        """Return the token of a new session, "" where name and password do not belong together.

        A name nobody has takes as long as a wrong password, so that names cannot be found out.
        """
        from argon2.exceptions import VerificationError

        name = " ".join(name.split())
        known = self.store.password_hash(name)
        right = False
        with self._few, suppress(VerificationError):
            right = self._hasher.verify(known or self._nobodys, password[:LONGEST])
        if not right or not known:
            # A name nobody has may be a password typed into the wrong field: it is not written down.
            self.record("", "refused", f"log-in as {name}" if known else "log-in with an unknown name", address)
            return ""
        if self._hasher.check_needs_rehash(known):
            self.store.renew_hash(name, self._hasher.hash(password))
        self.record(name, "log-in", "", address)
        return self.store.open(name, role=None, lasts=LASTS, now=self.clock.now())

    def link(self, name: str) -> str:
        """Return the token of a link that lets whoever holds the terminal in as an editor, once."""
        return self.store.open(name, role=Role.EDITOR, lasts=LINK_LASTS, now=self.clock.now(), kind="link")

    def follow(self, token: str, *, address: str) -> str:
        """Use up a link and return the token of its session; "" where it was used or is too old."""
        opened = self.store.use_link(token, lasts=TERMINAL_LASTS, now=self.clock.now())
        visitor = self.visitor(opened) if opened else None
        self.record(visitor.name if visitor else "", "log-in" if visitor else "refused", "by a link", address)
        return opened

    def visitor(self, token: str) -> Visitor | None:
        """Return whose session a token is, or None."""
        return self.store.visitor(token, idle=IDLE, now=self.clock.now()) if token else None

    def log_out(self, token: str, visitor: Visitor, *, address: str) -> None:
        """End a session."""
        self.store.close(token)
        self.record(visitor.name, "log-out", "", address)

    # The log

    def record(self, by: str, did: str, about: str, address: str = "") -> None:
        """Write down who did what."""
        self.store.record(Deed(at=self.clock.now(), by=by, did=did, about=about[:500], address=address))

    def deeds(self, limit: int) -> tuple[Deed, ...]:
        """Return the newest lines of the log, newest first."""
        return self.store.deeds(limit=limit)
