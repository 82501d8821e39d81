"""What templates are turned into: Jinja2's own code, less what a mail of some six hundred values need not do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.entities import name2codepoint
from types import FunctionType
from typing import Any

import jinja2
import markupsafe
from jinja2.compiler import CodeGenerator
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context, Macro
from markupsafe import Markup, escape

_REFERENCE = re.compile(r"&(#\d{1,7}|[A-Za-z]\w*);")
# What a reference must go on standing for: mark-up, and a quote in an attribute.
_MARKUP = {
    "lt": "&lt;",
    "gt": "&gt;",
    "amp": "&amp;",
    "quot": "&quot;",
    "#34": "&quot;",
    "#38": "&amp;",
    "#60": "&lt;",
    "#62": "&gt;",
}


def spelled_out(text: str) -> str:
    """Return text whose references (`&nbsp;`, `&#847;`) are the characters they stand for; unknown ones stay."""
    for name in set(_REFERENCE.findall(text)):
        number = int(name[1:]) if name.startswith("#") else name2codepoint.get(name, 0)
        if name in _MARKUP:
            character = _MARKUP[name]
        elif 0xA0 <= number < 0xD800 or 0xE000 <= number < 0x110000 or number == ord("'"):
            character = chr(number)
        else:
            continue
        text = text.replace(f"&{name};", character)
    return text


class Spelled(Extension):
    """Spells references out in templates of MJML once, as they are read: in a mail it is done on each rendering."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens, those of text with characters where references stood."""
        is_mjml = (stream.name or "").endswith(".mjml")
        for token in stream:
            if is_mjml and token.type == "data":
                yield Token(token.lineno, "data", spelled_out(token.value))
            else:
                yield token


# Markup costs more to make than its words to escape, and what is written out needs none.
_escaped: Callable[[str], str] = getattr(markupsafe, "_escape_inner", escape)


def written(value: Any) -> str:
    """Return a value as mark-up writes it: the same characters as `markupsafe.escape`."""
    if type(value) is str:
        return _escaped(value)
    return value if type(value) is Markup else escape(value)


_SCOPES = frozenset({"_loop_vars", "_block_vars"})  # what Jinja2 adds to calls for functions that ask for it


class _Code(CodeGenerator):
    """Writes values with `written`, where Jinja2 would make Markup of each before it joins them."""

    def _output_child_pre(self, node: Any, frame: Any, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("environment.written(")
        else:
            super()._output_child_pre(node, frame, finalize)


class _Context(Context):
    """Calls macros that get all their arguments by place, as nearly all do, without looking for others."""

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        kind = type(called)
        if kind is Macro:
            if (
                len(args) == len(called.arguments)
                and kwargs.keys() <= _SCOPES
                and not (called.caller or called.catch_kwargs or called.catch_varargs)
            ):
                made = called._func(*args)
                return Markup(made) if self.eval_ctx.autoescape else made  # noqa: S704  # a macro escapes its values
        elif kind is FunctionType and kwargs.keys() <= _SCOPES and not called.__dict__:
            return called(*args)  # marks such as `pass_context` would stand in its attributes
        return super().call(called, *args, **kwargs)


class Environment(jinja2.Environment):
    """A set of templates."""

    code_generator_class = _Code
    context_class = _Context
    written = staticmethod(written)
