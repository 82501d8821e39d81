"""Unpacking what arrives, a piece at a time and never more than allowed: a bomb costs its limit, not its size."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

ACCEPTED = "gzip, deflate, br, zstd"
_PIECE = 65_536  # bytes unpacked at once
_MOST_CODINGS = 2  # nobody packs a feed three times but to tire its reader

BROKEN = (zlib.error, brotli.error, ZstdError, EOFError, ValueError)
"""What unpacking raises on broken data."""


class Unpacker(Protocol):
    """Unpacks one content coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what the data unpacks to in pieces of at most 64 kB or so."""


def unpackers(content_encoding: str) -> list[Unpacker]:
    """Return what undoes a Content-Encoding, the last coding first (RFC 9110 §8.4).

    Raise ValueError on unknown codings and on too many of them.
    """
    names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    codings = [name for name in names if name not in ("identity", "none")]
    if len(codings) > _MOST_CODINGS:
        raise ValueError("packed more than twice")
    return [_unpacker(name) for name in reversed(codings)]


def unpacked(data: bytes, chain: list[Unpacker]) -> Iterator[bytes]:
    """Yield data after every unpacker of the chain."""
    if not chain:
        yield data
        return
    for piece in chain[0].feed(data):
        yield from unpacked(piece, chain[1:])


def _unpacker(name: str) -> Unpacker:
    if name in ("gzip", "x-gzip"):
        return _Zlib(31)
    if name == "deflate":
        return _Deflate()
    if name == "br":
        return _Brotli()
    if name == "zstd":
        return _Zstd()
    raise ValueError(f"packed as “{name}”, which nobody asked for")


class _Zlib:
    """gzip (RFC 1952), several members one after another included, or zlib (RFC 1950)."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._object = zlib.decompressobj(wbits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            piece = self._object.decompress(data, _PIECE)
            if piece:
                yield piece
            data = self._object.unconsumed_tail
            if self._object.eof:
                data = self._object.unused_data
                # Padding behind the last member is allowed by most readers and kept by no one.
                if not data.strip(b"\0"):
                    return
                self._object = zlib.decompressobj(self._wbits)


class _Deflate:
    """deflate as RFC 9110 means it (zlib), or raw as some servers send it."""

    def __init__(self) -> None:
        self._chosen: _Zlib | None = None
        self._first = b""  # what came before both bytes of the header were there

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._chosen is None:
            data = self._first = self._first + data
            if len(data) < 2:
                return
            # A zlib header: method 8, and both bytes a multiple of 31 (RFC 1950 §2.2).
            is_zlib = data[0] & 15 == 8 and (data[0] << 8 | data[1]) % 31 == 0
            self._chosen = _Zlib(15 if is_zlib else -15)
        yield from self._chosen.feed(data)


class _Brotli:
    """Brotli (RFC 7932)."""

    def __init__(self) -> None:
        self._object = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        piece = self._object.process(data, output_buffer_limit=_PIECE)
        while piece or not self._object.can_accept_more_data():
            yield piece
            if self._object.is_finished():
                return
            piece = self._object.process(b"", output_buffer_limit=_PIECE)


class _Zstd:
    """Zstandard (RFC 8878), several frames included."""

    def __init__(self) -> None:
        self._object = ZstdDecompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            piece = self._object.decompress(data, _PIECE)
            if piece:
                yield piece
            if self._object.eof:
                data = self._object.unused_data
                if not data:
                    return
                self._object = ZstdDecompressor()
            elif self._object.needs_input:
                return
            else:
                data = b""
