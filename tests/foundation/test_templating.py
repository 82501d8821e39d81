"""Templates say the same as with Jinja2's own compiler, whatever the values and however a macro is called."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup, escape

from digest.templating import environment
from digest.templating.quick import spelled_out, written

OURS = environment()
THEIRS = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
VALUES = st.one_of(st.text(), st.text().map(Markup), st.integers(), st.floats(), st.none(), st.lists(st.text()))
MACROS = """{% macro one(a, b="<b>") %}{{ a }}|{{ b }}{% endmacro %}{% macro many(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}
{%- macro around(a) %}<i>{{ caller() }}{{ a }}</i>{% endmacro %}{% macro outer(a) %}{{ one(a, one(a, a)) }}{% endmacro %}"""


@given(VALUES)
def test_values_are_escaped_as_ever(value: Any) -> None:
    text = "<p>{{ x }}{% set y %}{{ x }}{% endset %}{{ y }}{{ x ~ y }}</p>{% for _ in (1, 2) %}{{ x }}{% endfor %}"
    assert OURS.from_string(text).render(x=value) == THEIRS.from_string(text).render(x=value)
    assert written(value) == escape(value)


@pytest.mark.parametrize(
    "call",
    [
        "{{ one(x) }}",
        "{{ one(x, x) }}",
        "{{ one(x, b=x) }}",
        "{{ one(b=x, a=x) }}",
        "{{ many(x, x, c=x) }}",
        "{{ many(x) }}",
        "{{ outer(x) }}",
        "{{ one(x, x) | upper }}",
        "{% call around(x) %}<u>{{ x }}</u>{% endcall %}",
        "{% for each in (x, x) %}{{ one(each, loop.index) }}{% endfor %}",
        "{% autoescape false %}{{ x }}{{ one(x, x) }}{% endautoescape %}",
    ],
)
def test_macros_are_called_as_ever(call: str) -> None:
    ours, theirs = (each.from_string(MACROS + call) for each in (environment(), _with_scopes()))
    assert ours.render(x='<a "b">') == theirs.render(x='<a "b">')


def _with_scopes() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@pytest.mark.parametrize("call", ["{{ one(x, x, x) }}", "{{ one(x, c=x) }}", "{{ one() }}"])
def test_a_macro_refuses_what_it_does_not_take(call: str) -> None:
    with pytest.raises((TypeError, jinja2.UndefinedError)):
        OURS.from_string(MACROS + call).render(x="x")


def test_references_are_characters_and_marks_stay_marks() -> None:
    assert spelled_out("&nbsp;&#847;&#39;&unheard;") == "\u00a0\u034f'&unheard;"
    assert spelled_out("&lt;&#60;&amp;&#38;&quot;&#34;") == "&lt;&lt;&amp;&amp;&quot;&quot;"
