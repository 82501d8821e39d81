"""Errors: one sentence each, the kind of the standard library, and the exit code of the design."""

from __future__ import annotations

import pickle

import pytest

from digest import errors
from digest.errors import ConfigError, DigestError, FetchError, LockHeld, Problem, RelayUnreachable


def test_a_sentence_says_where_what_and_what_to_do() -> None:
    error = DigestError("it is empty", where="digest.toml:4 feeds", fix="add one")
    assert str(error) == "digest.toml:4 feeds: it is empty; add one"
    assert str(DigestError("it is empty")) == "it is empty"


def test_every_problem_of_a_configuration_is_in_its_text() -> None:
    error = ConfigError((Problem(where="a", what="b"), Problem(where="c", what="d", fix="e")))
    assert str(error) == "a: b\nc: d; e"


def test_errors_are_also_kinds_of_the_standard_library() -> None:
    assert issubclass(LockHeld, BlockingIOError)
    assert issubclass(RelayUnreachable, ConnectionError)
    assert issubclass(ConfigError, ValueError)


@pytest.mark.parametrize(
    "error",
    [
        FetchError("no answer within 20 s", kind="timeout", where="https://calder.example/"),
        RelayUnreachable("nobody answers", code=421, reply="4.3.2 later", where="relay.example:25", fix="wait"),
        ConfigError((Problem(where="a", what="b"),)),
    ],
)
def test_errors_survive_pickling(error: DigestError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.__dict__ == error.__dict__


def test_exit_codes_are_those_of_the_design() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, DigestError)]
    assert len(kinds) > 15
    assert {each.exit_code for each in kinds} <= {1, 2, 3, 4, 5, 75}
    assert RelayUnreachable.exit_code == 75
    assert LockHeld.exit_code == 3
