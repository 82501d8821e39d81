"""Commands that change digest.toml: with tomlkit, so that comments, order and spacing stay as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Comment, Table, Whitespace

from digest.config import read
from digest.config.settings import Settings
from digest.errors import ConfigError, FileProblem, Problem, UsageError
from digest.model.editions import Section
from digest.model.news import Feed

_DEFAULTS = Feed(url="")
_FEED_KEYS = ("name", "section", "source", "weight", "kicker", "language", "time_zone")


def rewrite(file: Path, change: Callable[[str], str], environment: Mapping[str, str]) -> Settings:
    """Replace a configuration by what ``change`` makes of its text, and return the new settings.

    The new text is read first: raise ConfigError and leave the file alone where it would not be valid; raise
    FileProblem where it cannot be written. The file is replaced at once, so that nobody reads half of it.
    """
    file = file.resolve()
    try:
        text = change(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileProblem.unread(error, file) from None
    except TOMLKitError as error:
        raise ConfigError((Problem(where=file.name, what=f"it cannot be edited: {error}"),)) from None
    settings = read(text, file, environment)
    _replace(file, text)
    return settings


def _replace(file: Path, text: str) -> None:
    try:
        mode = file.stat().st_mode & 0o777
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(name, mode)  # noqa: PTH101  # beside os.replace, which pathlib would only wrap
            os.replace(name, file)  # noqa: PTH105
        except BaseException:
            with suppress(OSError):
                os.unlink(name)  # noqa: PTH108
            raise
    except OSError as error:
        raise FileProblem.unwritten(error, file, fix="look at its permissions") from None


def with_feeds(text: str, feeds: Sequence[Feed], *, sections: Sequence[Section] = ()) -> str:
    """Return a configuration with feeds added after its last one, and sections after its last one."""
    document = tomlkit.parse(text)
    for section in sections:
        _append(document, "sections", {"slug": section.slug, "title": section.title})
    for feed in feeds:
        values: dict[str, Any] = {"url": feed.url}
        values |= {key: getattr(feed, key) for key in _FEED_KEYS if getattr(feed, key) != getattr(_DEFAULTS, key)}
        _append(document, "feeds", values)
    return tomlkit.dumps(document).rstrip("\n") + "\n"


def without_feed(text: str, url: str) -> str:
    """Return a configuration without a feed; sections that list it by name or address do not any more."""
    document = tomlkit.parse(text)
    tables, at = _find(document, url)
    name = str(tables[at].get("name", ""))
    if isinstance(tables, AoT):
        _keep_comments(document, tables, at)
    del tables[at]
    if not len(tables):
        del document["feeds"]
    _unlist(document, {url, name} - {""})
    return tomlkit.dumps(document)


def with_moved_feed(text: str, url: str, *, section: str | None = None, new_url: str = "") -> str:
    """Return a configuration with a feed in another section ("" = none of its own), or at another address."""
    document = tomlkit.parse(text)
    tables, at = _find(document, url)
    table, name = tables[at], str(tables[at].get("name", ""))
    if section is not None:
        _unlist(document, {url, name} - {""})
        if section:
            table["section"] = section
        elif "section" in table:
            del table["section"]
    if new_url:
        table["url"] = new_url
        for each in document.get("sections", ()):
            listed = each.get("feeds", [])
            for position, known in enumerate(list(listed)):
                if known == url:
                    listed[position] = new_url
    return tomlkit.dumps(document)


def _find(document: tomlkit.TOMLDocument, url: str) -> tuple[Any, int]:
    tables = document.get("feeds", [])
    for at, table in enumerate(tables):
        if table.get("url") == url:
            return tables, at
    raise UsageError(f"no feed has the address {url}", fix="see `digest feeds list`")


def _append(document: tomlkit.TOMLDocument, key: str, values: Mapping[str, Any]) -> None:
    tables = document.get(key)
    if tables is not None and not isinstance(tables, AoT):  # feeds = [{url = …}, …]
        inline = tomlkit.inline_table()
        inline.update(values)
        tables.append(inline)
        return
    table = tomlkit.table()
    _fill(table, values)
    if tables is None:
        if document.body and not tomlkit.dumps(document).endswith("\n\n"):
            document.add(tomlkit.nl())
        document.append(key, tomlkit.aot())
        document[key].append(table)
        return
    # What stands after the last table (a blank line, the next part's comment) stays after the new last one.
    tail = _tail(tables[-1])
    if not tables[-1].as_string().endswith("\n\n"):
        tables[-1].add(tomlkit.nl())
    table.value.body.extend(tail)
    tables.append(table)


def _fill(table: MutableMapping[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        table[key] = value


def _tail(table: Table) -> list[tuple[Any, Any]]:
    """Take from a table the blank lines and comments after its last key."""
    body = table.value.body
    end = len(body)
    while end and body[end - 1][0] is None and isinstance(body[end - 1][1], Comment | Whitespace):
        end -= 1
    tail = list(body[end:])
    del body[end:]
    return tail


def _keep_comments(document: tomlkit.TOMLDocument, tables: AoT, at: int) -> None:
    """Give the comments after a table that goes (they are the next part's) to what then stands before that part."""
    tail = _tail(tables[at])
    if not any(isinstance(item, Comment) for _, item in tail):
        return
    before = tables[at - 1] if at else tables[1] if len(tables) > 1 else _before(document, "feeds")
    if before is None:
        return
    own = _tail(before)
    if any(isinstance(item, Comment) for _, item in own):
        before.value.body.extend(own)
    before.value.body.extend(tail)


def _before(document: tomlkit.TOMLDocument, key: str) -> Table | None:
    """Return the last table written before a key's, or None."""
    found: Table | None = None
    for name, item in document.body:
        if name is not None and name.key == key:
            break
        if isinstance(item, Table):
            found = item
        elif isinstance(item, AoT) and len(item):
            found = item[-1]
    return found


def _unlist(document: tomlkit.TOMLDocument, names: set[str]) -> None:
    for section in document.get("sections", ()):
        listed = section.get("feeds")
        if listed is None:
            continue
        for position in reversed(range(len(listed))):
            if listed[position] in names:
                del listed[position]
