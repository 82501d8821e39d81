"""What others add without changing us: installed packages that name an entry point in one of five groups.

========================  ==========================================================================================
`digest.sources`          name = the scheme of a feed's address; ``read(address, now) -> Iterable[Mapping]``, items
                          as JSON Feed 1.1 has them (jsonfeed.org)
`digest.terms`            name = a key of `[weights.terms]`; ``value(cluster, at) -> float``, times its weight
`digest.styles`           name = a section's style; a folder (str or Path) with `mail/styles/NAME.mjml`
`digest.transports`       name = the kind of a `via` address; ``make(rest, folder) -> digest.mail.transport.Transport``
`digest.checks`           name = an entry of `[check] rules`; ``check(mail) -> Iterable[Finding]``, a Mail as below
========================  ==========================================================================================

Nothing is loaded that digest.toml does not name. Only wiring plugs extensions in: stages get values and functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, TypeVar

from digest.errors import DigestError, ExtensionError

SOURCES: Final = "digest.sources"
TERMS: Final = "digest.terms"
STYLES: Final = "digest.styles"
TRANSPORTS: Final = "digest.transports"
CHECKS: Final = "digest.checks"
GROUPS: Final = (SOURCES, TERMS, STYLES, TRANSPORTS, CHECKS)

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Extension:
    """One that is installed and loaded."""

    group: str  # one of GROUPS
    name: str
    package: str  # the distribution it came with, "notes 1.2"
    value: Any

    def guard(self, call: Callable[[], _T]) -> _T:
        """Return what a call into the extension returns; raise ExtensionError, one sentence, for whatever it raises."""
        try:
            return call()
        except DigestError:
            raise  # it speaks our language
        except Exception as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise self.error(f"it failed ({said})", "mend it, or take it out of digest.toml") from error

    def error(self, what: str, fix: str) -> ExtensionError:
        """Return the error that says what is wrong with it."""
        return ExtensionError(what, where=f"extension {self.name!r} of {self.package}", fix=fix)


def names(group: str) -> tuple[str, ...]:
    """Return the names that installed packages give in a group, sorted; nothing is loaded."""
    return tuple(sorted({each.name for each in entry_points(group=group)}))


def load(group: str, name: str) -> Extension:
    """Return an extension by name; raise ExtensionError where none is installed, several are, or it cannot be loaded.

    Of several with one name none is chosen by chance.
    """
    found = [each for each in entry_points(group=group) if each.name == name]
    if not found:
        raise ExtensionError(
            f"no installed package gives {group!r} an entry {name!r}", fix="install the package, or correct the name"
        )
    packages = {_package(each) for each in found}
    if len(packages) > 1:
        raise ExtensionError(
            f"{' and '.join(sorted(packages))} both give {group!r} an entry {name!r}", fix="uninstall one of them"
        )
    extension = Extension(group=group, name=name, package=packages.pop(), value=None)
    value = extension.guard(found[0].load)
    return Extension(group=group, name=name, package=extension.package, value=value)


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value
