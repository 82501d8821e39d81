"""The index of words in each database's own way: FTS5 on SQLite, a tsvector on PostgreSQL.

Both get the terms of `digest.model.searching`, so that they find the same; what they add is speed and a rank. Section,
source, digest and stories stand in the index beside the words, as tokens that no text can hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from digest.model.searching import Question, Term, Told, terms_of
from digest.store.engine import Store

INDEX = "search_index"  # the name of the table, and how those of FTS5 begin
RANKED = 2_000  # the newest so many matches are ranked: a word in every story costs no more than a rare one
# An id is the day and a number within it, so that ids grow with time whatever the order of indexing.
A_DAY = 1 << 20
EVER = 1 << 62  # above every id
# How much a word of the headline counts against one of the teaser.
HEADLINE, BODY = 4.0, 1.0


def first_of(day: date) -> int:
    """Return the first id of a day."""
    return day.toordinal() * A_DAY


def facet(kind: str, value: str) -> str:
    """Return a token for a property; letters and digits only, as FTS5 takes them apart otherwise."""
    return f"{kind}{hashlib.sha256(value.casefold().encode('utf-8', 'replace')).hexdigest()[:15]}"


def _facets(told: Told) -> list[str]:
    own = {facet("q", story) for story in (told.story, *told.stories)}
    return [facet("s", told.section), facet("o", told.source), facet("d", told.digest), *sorted(own)]


def _asked(question: Question) -> list[str]:
    asked = (("s", question.section), ("o", question.source), ("d", question.digest))
    return [facet(kind, value) for kind, value in asked if value]


def _headline(told: Told) -> list[str]:
    return terms_of(f"{told.kicker} {told.headline}")


def _body(told: Told) -> list[str]:
    return terms_of(f"{told.teaser} {told.byline} {told.source} {told.section_title}")


class Index:
    """The words of stories by their ids, in one database."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._fts = store.is_sqlite

    def add(self, connection: Connection, rows: Iterable[tuple[int, Told]]) -> None:
        """Put stories into the index; their ids are new to it."""
        if self._fts:
            made: list[dict[str, object]] = [
                {
                    "id": number,
                    "headline": " ".join(_headline(told)),
                    "body": " ".join(_body(told)),
                    "facets": " ".join(_facets(told)),
                }
                for number, told in rows
            ]
            text = "INSERT INTO search_index (rowid, headline, body, facets) VALUES (:id, :headline, :body, :facets)"
        else:
            made = [{"id": number, "words": _vector(told)} for number, told in rows]
            text = "INSERT INTO search_index (id, words) VALUES (:id, CAST(:words AS tsvector))"
        if made:
            connection.execute(sa.text(text), made)

    def remove(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Take stories out of the index."""
        key = "rowid" if self._fts else "id"
        text = sa.text(f"DELETE FROM search_index WHERE {key} = :id")  # noqa: S608  # a name of ours
        if numbers:
            connection.execute(text, [{"id": number} for number in numbers])

    def count(self, connection: Connection) -> int:
        """Return how many stories are in it."""
        # FTS5 counts a table of its own quickly, the index itself slowly.
        table = "search_index_docsize" if self._fts else "search_index"
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608

    def clear(self, connection: Connection) -> None:
        """Empty it."""
        connection.execute(sa.text("DELETE FROM search_index"))

    def ranked(
        self, connection: Connection, question: Question, *, limit: int, offset: int = 0
    ) -> tuple[list[tuple[int, float]], int]:
        """Return (id, score) of the best matches, and how many there are in all; the newest of equals first."""
        if self._fts:
            return self._ranked(connection, _fts_match(question), "", _between(question), limit, offset)
        said = _ts_said(question)
        match = " & ".join([said, *(_lexeme(f"={each}") for each in _asked(question))])
        return self._ranked(connection, match, said, _between(question), limit, offset)

    def like(
        self, connection: Connection, words: Sequence[str], stories: Sequence[str], *, until: int, limit: int
    ) -> list[int]:
        """Return the ids below ``until`` that hold the most of some words, or tell one of some stories."""
        own = [facet("q", story) for story in stories]
        if self._fts:
            parts = [f"{{headline body}} : ({' OR '.join(map(_quoted, words))})"] if words else []
            parts += [f"facets : {_quoted(each)}" for each in own]
            match = " OR ".join(f"({part})" for part in parts)
        else:
            match = " | ".join([*(_lexeme(word) for word in words), *(_lexeme(f"={each}") for each in own)])
        if not match:
            return []
        found, _ = self._ranked(connection, match, match, {"low": 0, "high": until}, limit, 0)
        return [number for number, _ in found]

    def _ranked(
        self, connection: Connection, match: str, said: str, span: dict[str, int], limit: int, offset: int
    ) -> tuple[list[tuple[int, float]], int]:
        """``said`` is what PostgreSQL ranks by: facets have no place in a text, and would spoil it."""
        values: dict[str, Any] = {**span, "match": match, "limit": limit, "offset": offset, "ranked": RANKED}
        values |= {} if self._fts else {"said": said}
        if self._fts:
            total = connection.execute(sa.text(_FTS_COUNT), values).scalar_one()
            rows = connection.execute(sa.text(_FTS_RANK), {**values, **self._floor(connection, values, total)}).all()
        else:
            bounded = _TS_SPAN if values["low"] or values["high"] < EVER else ""
            if not bounded:
                del values["low"], values["high"]
            # The words lie beside the rows: reading all rows looks cheap to the planner, and is not.
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
            rows = connection.execute(sa.text(_TS_RANK.format(span=bounded)), values).all()
            count = sa.text(_TS_COUNT.format(span=bounded))
            total = rows[0].total if rows else connection.execute(count, values).scalar_one()
        return [(int(row[0]), float(row[1])) for row in rows], int(total)

    def _floor(self, connection: Connection, values: dict[str, Any], total: int) -> dict[str, int]:
        """Return the id from which on matches are ranked: that of the oldest of the newest so many."""
        if total <= RANKED:
            return {}
        return {"low": int(connection.execute(sa.text(_FTS_FLOOR), values).scalar_one())}


_FTS_COUNT = "SELECT count(*) FROM search_index WHERE search_index MATCH :match AND rowid >= :low AND rowid < :high"
_FTS_FLOOR = (
    "SELECT rowid FROM search_index WHERE search_index MATCH :match AND rowid >= :low AND rowid < :high"
    " ORDER BY rowid DESC LIMIT 1 OFFSET :ranked - 1"
)
_FTS_RANK = (
    f"SELECT rowid, -bm25(search_index, {HEADLINE}, {BODY}, 0.0) AS score FROM search_index"  # noqa: S608
    " WHERE search_index MATCH :match AND rowid >= :low AND rowid < :high"
    " ORDER BY score DESC, rowid DESC LIMIT :limit OFFSET :offset"
)
# The matches are gathered first, and by words alone where all days will do: PostgreSQL would else walk through all ids.
_TS_FOUND = "WITH found AS MATERIALIZED (SELECT id FROM search_index WHERE words @@ CAST(:match AS tsquery){span})"
_TS_SPAN = " AND id >= :low AND id < :high"
_TS_COUNT = f"{_TS_FOUND} SELECT count(*) FROM found"  # noqa: S608
_TS_RANK = (
    f"{_TS_FOUND}, newest AS MATERIALIZED (SELECT id FROM found ORDER BY id DESC LIMIT :ranked)"  # noqa: S608
    f" SELECT id, ts_rank('{{{{0, 0, {BODY / HEADLINE}, 1}}}}', words, CAST(:said AS tsquery)) AS score,"
    " (SELECT count(*) FROM found) AS total"
    " FROM newest JOIN search_index USING (id) ORDER BY score DESC, id DESC LIMIT :limit OFFSET :offset"
)


def _between(question: Question) -> dict[str, int]:
    low = first_of(question.since) if question.since else 0
    return {"low": low, "high": first_of(question.until) + A_DAY if question.until else EVER}


# FTS5


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'


def _fts_match(question: Question) -> str:
    wanted = " AND ".join(_fts_term(term) for term in question.terms if not term.out)
    unwanted = [_fts_term(term) for term in question.terms if term.out]
    match = f"{{headline body}} : ({wanted})"
    for each in _asked(question):
        match = f"({match}) AND facets : {_quoted(each)}"
    for each in unwanted:
        match = f"({match}) NOT {{headline body}} : ({each})"
    return match


def _fts_term(term: Term) -> str:
    return _quoted(" ".join(term.words)) + (" *" if term.prefix else "")


# tsvector


def _lexeme(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _vector(told: Told) -> str:
    """Return a tsvector as text: words with their places, headline before body, and facets begun by "="."""
    return " ".join(_places(told))


def _places(told: Told) -> Iterator[str]:
    # Places end at 16,383 and are at most 255 a word (PostgreSQL §12.11); a text is bounded far below.
    places: dict[str, list[str]] = {}
    headline, body = _headline(told), _body(told)
    for place, word in enumerate(headline, 1):
        places.setdefault(word, []).append(f"{place}A")
    for place, word in enumerate(body, len(headline) + 2):
        places.setdefault(word, []).append(f"{place}B")
    for word, where in places.items():
        yield f"{_lexeme(word)}:{','.join(where[:250])}"
    for each in _facets(told):
        yield _lexeme(f"={each}")


def _ts_said(question: Question) -> str:
    return " & ".join(("!" if term.out else "") + _ts_term(term) for term in question.terms)


def _ts_term(term: Term) -> str:
    made = [_lexeme(word) for word in term.words]
    if term.prefix:
        made[-1] += ":*"
    return f"({' <-> '.join(made)})" if len(made) > 1 else made[0]
