"""The code of templates, kept while the process runs.

Jinja2 compiles a template once an environment, which is half the time of a page (0.3 s for the pages of an edition).
`digest preview --watch` makes a new environment with each change, and only what changed needs compiling.
"""

from __future__ import annotations

from types import CodeType

import jinja2
from jinja2.bccache import Bucket

_CODE: dict[str, tuple[str, CodeType]] = {}  # name and file → sum of the source, its code; one of each file


class Compiled(jinja2.BytecodeCache):
    """Gives what was compiled of the same file and source before; for environments that differ in nothing else."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket whose source was seen before."""
        known = _CODE.get(bucket.key)
        if known is not None and known[0] == bucket.checksum:
            bucket.code = known[1]

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        assert bucket.code is not None
        _CODE[bucket.key] = bucket.checksum, bucket.code
