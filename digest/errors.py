"""Every error a user can meet, drawn as a tree.

::

    DigestError                      exit 1   what went wrong, where, what to do
    ├── UsageError      ValueError   exit 2   the command line asks for something impossible
    ├── ConfigError     ValueError   exit 2   digest.toml or the environment; carries every problem at once
    ├── LockHeld        OSError      exit 3   another run holds the lock of this digest
    ├── ApprovalNeeded  Permission…  exit 4   an edition waits for a person
    ├── ClockWrong      RuntimeError exit 1   the machine's clock cannot be right; nothing is sent by it
    ├── StoreError      OSError      exit 1   the database cannot be opened, read or written
    │   └── StoreConflict            exit 1   somebody else changed the row first (compare-and-swap)
    ├── FileProblem     OSError      exit 1   a file or folder cannot be read or written
    ├── RosterError     ValueError   exit 2   a subscribers' file cannot be read at all
    ├── TemplateError   ValueError   exit 1   a template, or the MJML it made
    ├── ContentError    ValueError   exit 4   `check` found errors in the rendered mail
    ├── ExtensionError  RuntimeError exit 1   an installed extension is missing, or fails
    ├── FeedError                    exit 5   one feed; never ends a run
    │   ├── FetchError  OSError               it could not be fetched
    │   └── ParseError  ValueError            it could not be read as a feed
    │       └── EmptyFeed                     it is a feed, and holds no entry
    └── RelayError      OSError      exit 1   the relay refuses us (password, sender, policy)
        └── RelayUnreachable         exit 75  the relay cannot be reached now; the next run goes on

Each is also the kind of the standard library it is, so that ``except OSError`` keeps its meaning.
"""

from __future__ import annotations

from dataclasses import dataclass

# Exit codes of the commands (design §2). 75 is EX_TEMPFAIL of sysexits.h.
EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_LOCKED = 3
EXIT_APPROVAL = 4
EXIT_ATTENTION = 5
EXIT_TEMPORARY = 75


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong in a file a user wrote."""

    where: str  # "digest.toml:12 sections[0].slug", "subscribers.csv:4 email"
    what: str  # what is wrong, a clause without a full stop
    fix: str = ""  # what to do about it, a clause without a full stop

    def __str__(self) -> str:
        """Return one sentence: where, what, and what to do."""
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        return f"{sentence}; {self.fix}" if self.fix else sentence


class DigestError(Exception):
    """Root of all errors shown to users without a traceback.

    ``where`` names a file and line, a key or an address; ``what`` says what is wrong; ``fix`` says what to do.
    """

    exit_code = EXIT_FAILED

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        """Keep the three parts of the sentence apart, so that JSON output can show them as fields."""
        super().__init__(what)
        self.what, self.where, self.fix = what, where, fix

    def __str__(self) -> str:
        """Return one sentence: where, what, and what to do."""
        return str(Problem(where=self.where, what=self.what, fix=self.fix))

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between processes with all three parts."""
        return (_rebuild, (type(self), self.what, self.where, self.fix, self.__dict__))


def _rebuild(kind: type[DigestError], what: str, where: str, fix: str, fields: dict[str, object]) -> DigestError:
    error = kind.__new__(kind)
    DigestError.__init__(error, what, where=where, fix=fix)
    error.__dict__.update(fields)
    return error


class UsageError(DigestError, ValueError):
    """The command line asks for something impossible."""

    exit_code = EXIT_USAGE


class ConfigError(DigestError, ValueError):
    """The configuration is wrong; ``problems`` lists everything that is."""

    exit_code = EXIT_USAGE

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take every problem found, in the order of the file."""
        count = len(problems)
        super().__init__("\n".join(map(str, problems)) if count else "the configuration is wrong")
        self.problems = problems


class LockHeld(DigestError, BlockingIOError):
    """Another run holds the lock of this digest."""

    exit_code = EXIT_LOCKED


class ApprovalNeeded(DigestError, PermissionError):
    """An edition waits for a person to approve it."""

    exit_code = EXIT_APPROVAL


class ClockWrong(DigestError, RuntimeError):
    """The machine's clock cannot be right: editions, deadlines and retries hang on it, so nothing is sent."""


class StoreError(DigestError, OSError):
    """The database cannot be opened, read or written."""


class StoreConflict(StoreError):
    """Somebody else changed the row first (a compare-and-swap found another version)."""


class FileProblem(DigestError, OSError):
    """A file or folder cannot be read or written."""

    @classmethod
    def unread(cls, error: OSError, where: object, *, fix: str = "look at its name and permissions") -> FileProblem:
        """Return the problem of a file that the system would not let us read."""
        return cls(f"it cannot be read ({error.strerror or error})", where=str(where), fix=fix)

    @classmethod
    def unwritten(
        cls, error: OSError, where: object, *, fix: str = "look at its permissions and the room left"
    ) -> FileProblem:
        """Return the problem of a file that the system would not let us write."""
        return cls(f"it cannot be written ({error.strerror or error})", where=str(where), fix=fix)


class RosterError(DigestError, ValueError):
    """A subscribers' file cannot be read at all; single bad rows are counted, not raised."""

    exit_code = EXIT_USAGE


class TemplateError(DigestError, ValueError):
    """A template, or the MJML it made, is wrong; ``where`` is file:line."""


class ContentError(DigestError, ValueError):
    """`check` found errors in the rendered mail, so that it cannot be approved."""

    exit_code = EXIT_APPROVAL


class ExtensionError(DigestError, RuntimeError):
    """An installed extension is missing, cannot be loaded, or fails."""


class FeedError(DigestError):
    """One feed failed. It is counted and named in the summary; it never ends a run."""

    exit_code = EXIT_ATTENTION


class FetchError(FeedError, OSError):
    """A feed, page or image could not be fetched; ``kind`` is one word for statistics."""

    def __init__(self, what: str, *, kind: str = "network", where: str = "", fix: str = "") -> None:
        """``kind`` is one of dns, tls, timeout, status, blocked, too-large, network, redirect."""
        super().__init__(what, where=where, fix=fix)
        self.kind = kind


class ParseError(FeedError, ValueError):
    """What was fetched is not a feed, or holds no entry."""


class EmptyFeed(ParseError):
    """A feed that holds no entry: nothing is wrong with it, and there is nothing to read."""


class RelayError(DigestError, OSError):
    """The relay refuses us, not one recipient; ``code`` and ``reply`` are its own words."""

    def __init__(self, what: str, *, code: int = 0, reply: str = "", where: str = "", fix: str = "") -> None:
        """Keep the reply as the relay gave it; secrets are never part of it."""
        super().__init__(what, where=where, fix=fix)
        self.code, self.reply = code, reply


class RelayUnreachable(RelayError, ConnectionError):
    """The relay cannot be reached or asks us to come back later."""

    exit_code = EXIT_TEMPORARY
