"""A number beside its noun, in what the commands and the desk say in English."""

from __future__ import annotations


def count_of(number: int, one: str, many: str = "") -> str:
    """Return "1 feed", "1,200 stories"; ``many`` is given where it is formed in another way ("people")."""
    if not many:
        many = f"{one[:-1]}ies" if one.endswith("y") and one[-2] not in "aeiou" else f"{one}s"
    return f"{number:,} {one if number == 1 else many}"
