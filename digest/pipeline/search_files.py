"""Stories in the store → the search index of the static archive, made by Pagefind, part by part.

Each part is made beside the site and moved into place whole; `parts.json`, which the page reads, changes after that.
Parts that nobody names any more stay until the next time: a reader may be in the midst of them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from digest.archive.search_records import LANGUAGE, Part, catalogue, parts_of
from digest.errors import FileProblem
from digest.model.counting import count_of
from digest.model.searching import Told
from digest.pipeline.site_files import settle

PARTS, FACETS = "parts.json", "facets.json"
MAKING = ".making"  # hidden: no server shows it
TIMEOUT_S = 600.0
# What a page of ours never loads: Pagefind's own ways to show results.
_UNUSED = ("pagefind-*.css", "pagefind-component-ui.js", "pagefind-modular-ui.js", "pagefind-ui.js",
           "pagefind-highlight.js")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Facets:
    """What stories can be narrowed down by."""

    sections: Mapping[str, str] = field(default_factory=dict)  # slug -> title of the newest
    sources: frozenset[str] = frozenset()
    years: tuple[int, ...] = ()  # newest first


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """What became of the index."""

    parts: int = 0  # in all
    made: int = 0  # made anew
    stories: int = 0  # in all
    facets: Facets = Facets()
    missing: bool = False  # Pagefind is not installed: there is no index
    problem: str = ""  # why it could not be made; the one before stands

    @property
    def line(self) -> str:
        """One sentence for people."""
        if self.problem:
            return f"The search index is as it was: {self.problem}"
        if self.missing:
            return (
                'No search index: pip install "newsletter-digest[search]"; `digest serve` answers searches without it.'
            )
        return (
            f"Search index: {count_of(self.stories, 'story')} in {count_of(self.parts, 'part')}, {self.made} made anew."
        )


def pagefind() -> Path | None:
    """Return the program that makes the index, None where the extra `search` is not installed."""
    try:
        from pagefind_bin import get_executable  # type: ignore[import-untyped]  # it carries no types
    except ImportError:
        return None
    try:
        return Path(get_executable())
    except FileNotFoundError:
        return None


def build_index(
    folder: Path,
    days: Sequence[tuple[str, date, int, int]],
    stories: Callable[[date, date], Iterable[Told]],
    *,
    language: str,
    common: Iterable[str],
    made_of: Callable[[Told], bytes],
    program: Path | None,
) -> IndexReport:
    """Bring the index in ``folder`` up to date; raises FileProblem, and then the old one stands.

    ``days`` are editions as (digest, day, stories, when they were indexed), ``stories`` gives those of a span of
    days, ``made_of`` makes a record of one.
    """
    if program is None:
        _forget(folder)
        return IndexReport(missing=True)
    parts, made = parts_of(days, language), 0
    counts = dict.fromkeys(parts, 0)
    for _, day, count, _ in days:
        counts[next(part for part in parts if part.span[0] <= day <= part.span[1])] += count
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = _named(folder)
        for part in parts:
            if not (folder / part.name / "pagefind.js").is_file():
                _make(folder, part, stories(*part.span), made_of, program)
                made += 1
        facets = _facets(folder, parts)
        _write(folder / PARTS, catalogue([(part, counts[part]) for part in parts], common))
        _sweep(folder, {part.name for part in parts} | before)
    except OSError as error:
        raise FileProblem.unwritten(error, folder) from None
    finally:
        shutil.rmtree(folder / MAKING, ignore_errors=True)
    return IndexReport(parts=len(parts), made=made, stories=sum(counts.values()), facets=facets)


def _named(folder: Path) -> set[str]:
    """Return the parts that the page names by now."""
    try:
        return {each["path"] for each in json.loads((folder / PARTS).read_bytes())["parts"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _forget(folder: Path) -> None:
    with suppress(OSError):
        (folder / PARTS).unlink()
    _sweep(folder, set())


def _sweep(folder: Path, kept: set[str]) -> None:
    for path in folder.glob("[0-9]*-[1-4]-*"):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def _make(folder: Path, part: Part, stories: Iterable[Told], made_of: Callable[[Told], bytes], program: Path) -> None:
    making = folder / MAKING
    shutil.rmtree(making, ignore_errors=True)
    records, made = making / "records", making / "index"
    records.mkdir(parents=True)
    sections, sources = dict[str, str](), set[str]()
    for number, told in enumerate(stories):
        (records / f"{number}.html").write_bytes(made_of(told))
        sections[told.section] = told.section_title
        sources.add(told.source)
    words = [str(program), "--site", str(records), "--output-path", str(made), "--force-language", LANGUAGE, "--silent"]
    try:
        done = subprocess.run(  # noqa: S603  # a program of the package pagefind_bin
            words, capture_output=True, timeout=TIMEOUT_S, check=False, text=True
        )
    except subprocess.TimeoutExpired:
        raise FileProblem("Pagefind did not come to an end", where=str(folder), fix="run it again") from None
    if done.returncode or not (made / "pagefind.js").is_file():
        said = " ".join((done.stderr or done.stdout).split())[-300:]
        raise FileProblem(f"Pagefind failed ({said or done.returncode})", where=str(folder), fix="free some space")
    for pattern in _UNUSED:
        for path in made.glob(pattern):
            path.unlink()
    found = {"sections": sections, "sources": sorted(sources - {""})}
    (made / FACETS).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    settle([path for path in made.rglob("*") if path.is_file()])
    made.replace(folder / part.name)


def facets_of(folder: Path) -> Facets | None:
    """Return what the stories of an index can be narrowed down by; None where there is no index."""
    if not (folder / PARTS).is_file():
        return None
    parts = [name.split("-") for name in sorted(_named(folder), reverse=True)]
    try:
        return _facets(folder, [Part(year=int(year), quarter=int(of), stamp=stamp) for year, of, stamp in parts])
    except (OSError, ValueError, KeyError):
        return None


def _facets(folder: Path, parts: Sequence[Part]) -> Facets:
    sections, sources = dict[str, str](), set[str]()
    for part in reversed(parts):
        found = json.loads((folder / part.name / FACETS).read_bytes())
        sections |= found["sections"]
        sources |= set(found["sources"])
    years = tuple(sorted({part.year for part in parts}, reverse=True))
    return Facets(sections=sections, sources=frozenset(sources), years=years)


def _write(path: Path, body: bytes) -> None:
    if path.is_file() and path.read_bytes() == body:
        return
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(body)
    settle([beside])
    beside.replace(path)
