"""How large a publication's name may be set, so that a short one is large and a long one does not break."""

from __future__ import annotations

from digest.render.text import width

SMALLEST = 22  # pixels; a name that is still longer goes over two lines
# Ems a letter takes on average: Georgia and Helvetica bold take .5 to .54, the faces that stand in for them .56.
_LETTER = 0.56


def nameplate_size(name: str, room: int, most: int, *, words: bool = False) -> int:
    """Return the pixels of type in which a name fits into ``room`` pixels, at most ``most``.

    With ``words`` the name may go over lines, and its longest word must fit.
    """
    parts = name.split() if words else [name]
    columns = max((width(part) for part in parts), default=1)
    return max(SMALLEST, min(most, int(room / (max(1, columns) * _LETTER))))
