"""A posted form as plain values: bounded, without controls, and only from our own pages where that matters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_FIELDS = 100
LONGEST = 300  # characters of a field
LONGEST_FIELD = 10_000  # bytes that are read of one at all
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


class Form:
    """The fields of a form."""

    def __init__(self, fields: FormData) -> None:
        self._fields = [(name, value) for name, value in fields.multi_items() if not isinstance(value, UploadFile)]

    def one(self, name: str, longest: int = LONGEST) -> str:
        """Return a field in one line without controls; "" where it is missing. Raises HTTPException where too long."""
        for found, value in self._fields:
            if found == name:
                return clean(value, longest)
        return ""

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(clean(value, LONGEST) for found, value in self._fields if found == name)

    def chosen(self, name: str, among: Sequence[str]) -> tuple[str, ...]:
        """Return the known values of a field in the order of ``among``; others are left out."""
        given = set(self.all(name))
        return tuple(each for each in among if each in given)


def clean(value: str, longest: int) -> str:
    """Return text in one line without controls and marks that turn its direction; raise HTTPException if too long."""
    text = " ".join(_CONTROLS.sub(" ", value).split())
    if len(text) > longest:
        raise HTTPException(413)
    return text


async def form_of(request: Request) -> Form:
    """Return the posted form; what is none has no fields. Raises HTTPException for one that cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        await request.body()
        return Form(FormData())
    try:
        return Form(await request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD))
    except HTTPException as error:
        # Starlette answers 400 to a form that is too long as it does to one that is none.
        if error.status_code == 400 and any(
            word in str(error.detail).lower() for word in ("exceed", "maximum", "too ")
        ):
            raise HTTPException(413, headers={"Connection": "close"}) from None
        raise


def is_own(request: Request, public_url: str) -> bool:
    """Tell whether a POST comes from a page of ours (Fetch Metadata, else Origin), or from no browser at all."""
    site = request.headers.get("sec-fetch-site", "")
    if site:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        named = urlsplit(origin).netloc
    except ValueError:  # such as "http://["
        return False
    return named in {request.headers.get("host", ""), urlsplit(public_url).netloc}
