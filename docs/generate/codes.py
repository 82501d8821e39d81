"""The tables of docs/reference/check.md; the words above them are written by hand."""

from __future__ import annotations

from digest.check.codes import CODES, reference


def page(current: str) -> str:
    """Return the page with its tables as the code has them now; raise ValueError where their place is not found."""
    first = f"## {next(iter(CODES.values())).group}\n"
    if first not in current:
        raise ValueError(f"docs/reference/check.md lost its heading {first.strip()!r}: write it before the tables")
    above, rest = current.split(first, 1)
    last = f"## {list(CODES.values())[-1].group}\n"
    after = rest.split(last, 1)[1]
    below = "\n".join(after.split("\n\n", 2)[2:])
    return above + reference().rstrip("\n") + "\n" + (f"\n{below.rstrip()}\n" if below.strip() else "")
