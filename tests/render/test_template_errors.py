"""A publisher's own template that is wrong is told by file, line and cause; nothing of it is mailed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import TemplateError
from digest.model.editions import Edition
from digest.render import context, render
from digest.render import html as making
from digest.render.html import compiled
from digest.render.theme import theme
from digest.templating import environment, fill, packaged_folder
from digest.templating.quick import spelled_out
from tests.builders import PUBLICATION
from tests.render.samples import made, rich

EDITION, TEXT, WORDS = "mail/edition.mjml", "mail/edition.txt", "mail/words.mjml"
PIECES, SHEET = "mail/classic/pieces.mjml", "mail/classic/theme.css"
GAP = '<tr><td height="44" class="gap">&nbsp;</td></tr>'
LABEL = "{{ sponsor.label }}"

# The file, what is changed in it, and the cause that is told; the line is that of the change.
WRONG = [
    (PIECES, GAP, GAP.replace("</td>", ""), "is closed by </tr>"),
    (PIECES, GAP, GAP.replace("&nbsp;", "&nosuch;"), "Entity 'nosuch' not defined"),
    (PIECES, "{% macro imprint() %}", "{% macro imprint() %}\n<mj-tabel>\n</mj-tabel>", "<mj-tabel> is no component we know; did you mean 'mj-table'?"),
    (PIECES, '<mj-table padding="44px', '<mj-table colour="#112233" padding="44px', "<mj-table> has no attribute 'colour'; did you mean 'color'?"),
    (EDITION, "<mj-column>\n", "<mj-text>x</mj-text><mj-column>\n", "<mj-text> does not belong in <mj-section>"),
    (EDITION, "<mj-column>\n", "<table></table><mj-column>\n", "<table> does not belong in <mj-section>"),
    (EDITION, "<mj-head>", '<mj-head><mj-font name="x" href="y" />', "<mj-font> is no component we know"),
    (EDITION, "<mj-attributes>", '<mj-attributes><mj-tabel padding="0" />', "<mj-tabel> is no component we know"),
    (EDITION, "{{ pieces.top() }}", "{{ pieces.topp() }}", "has no attribute 'topp'"),
    (EDITION, "{{ pieces.top() }}", "{ % if x %}{{ pieces.top() }}", "'{ %' is left over"),
    (EDITION, "{{ pieces.top() }}", "{% if %}{{ pieces.top() }}", "it is not valid Jinja"),
    (EDITION, "{{ pieces.top() }}", '{% include "mail/nosuch.mjml" %}', "there is no template mail/nosuch.mjml"),
    (WORDS, LABEL, "{{ sponsor.labell }}", "has no attribute 'labell'"),
    (WORDS, LABEL, "{{ sponsor.label + 3 }}", "it fails there (TypeError: can only concatenate str"),
    (WORDS, LABEL, "{{ sponsor.label | nosuch }}", "No filter named 'nosuch'"),
    (WORDS, LABEL, "{{ sponsor.label.nosuch() }}", "has no attribute 'nosuch'"),
    (WORDS, LABEL, "a < b", "not well formed (StartTag: invalid element name)"),
    (WORDS, '<p class="{{ line }} im1">', '<p class="x" class="y">', "Attribute class redefined"),
    (TEXT, '{{ _("In this edition") }}', "{{ 1 / 0 }}", "it fails there (ZeroDivisionError: division by zero)"),
    (TEXT, "{{ title | wrap }}", "{{ title | wrap }} %}", "'%}' is left over"),
    (SHEET, ".nb{", ".nb{color:{{ theme.nosuch }};", "has no attribute 'nosuch'"),
]  # fmt: skip


def changed(folder: Path, name: str, right: str, wrong: str) -> int:
    """Write a template with something changed in it; return the line of the change."""
    text = (packaged_folder() / name).read_text(encoding="utf-8")
    assert right in text
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    return text[: text.index(right)].count("\n") + 1


def values_of(of: Edition, name: str) -> dict[str, object]:
    """Return the values of a template, with a word in the stead of each slot."""
    found = context(of, publication=PUBLICATION, number=1, theme=theme(name), title="", language="en")
    slots = ("unsubscribe_url", "preferences_url", "email", "name", "subject", "preheader", "stories", "minutes")
    return {**found, "slot": dict.fromkeys(slots, "slot"), "cut": lambda condition: ""}


def rendered(folder: Path) -> str:
    own = environment(folder)
    return render(rich(), publication=PUBLICATION, number=412, theme=theme("classic"), environment=own).html


@pytest.mark.parametrize(("name", "right", "wrong", "cause"), WRONG)
def test_what_is_wrong_is_told_with_file_line_and_cause(
    tmp_path: Path, name: str, right: str, wrong: str, cause: str
) -> None:
    line = changed(tmp_path, name, right, wrong)
    with pytest.raises(TemplateError) as told:
        rendered(tmp_path)
    where, _, at = told.value.where.rpartition(":")
    assert where == str(tmp_path / name)
    # A tag that is closed wrongly stands on the line that closes it.
    assert int(at) - line in ((0, 1) if "\n" in wrong else (0,)) or "is closed by" in cause
    assert cause in told.value.what
    assert "\n" not in str(told.value)
    assert "\ue000" not in str(told.value)


def test_a_wrong_closing_names_where_the_tag_was_opened(tmp_path: Path) -> None:
    line = changed(tmp_path, WORDS, LABEL, f"<b>{LABEL}")
    with pytest.raises(TemplateError, match=rf"<b> of .*/mail/words\.mjml:{line} is closed by </td>"):
        rendered(tmp_path)
    changed(tmp_path, EDITION, "</mjml>", "")
    with pytest.raises(TemplateError, match=r"<mjml> of .*/mail/edition\.mjml:\d+ is never closed|is closed by"):
        rendered(tmp_path)


def test_a_template_that_includes_itself_or_is_no_text_is_told(tmp_path: Path) -> None:
    changed(tmp_path, TEXT, "{{ title | wrap }}", '{% include "mail/edition.txt" %}')
    with pytest.raises(TemplateError, match="it includes itself without end"):
        rendered(tmp_path)
    (tmp_path / TEXT).write_bytes(b"{{ title }} caf\xe9")
    with pytest.raises(TemplateError, match="it is not UTF-8; save it as UTF-8") as told:
        rendered(tmp_path)
    assert told.value.where == str(tmp_path / TEXT)


def test_one_file_replaces_one_file_and_the_others_stay(tmp_path: Path) -> None:
    changed(tmp_path, WORDS, "Forward to a friend", "Send it on")
    html = rendered(tmp_path)
    assert "Send it on" in html
    assert html.replace("Send it on", "Forward to a friend") == made(rich()).html


def test_foreign_words_that_look_like_templates_are_no_error() -> None:
    of = rich(intro="{% raw %} {{ x }} %} #} { % <mj-text> &nosuch;")
    assert "&lt;mj-text&gt;" in made(of).html


def test_nesting_that_would_crash_the_compiler_is_refused() -> None:
    mjml = "<mjml><mj-body><mj-raw>" + "<div>" * 300 + "</div>" * 300 + "</mj-raw></mj-body></mjml>"
    with pytest.raises(TemplateError, match="nested more than 255 deep"):
        compiled(mjml, "", where=lambda line, column: f"x.mjml:{line}")


MARKUP = fill(environment(), EDITION, values_of(rich(), "classic"))
CUTS = [match.start() for match in re.finditer("[<>]|(?<=>)", MARKUP)]
BITS = ("<mj-text>", "</mj-table>", "<mj-raw/>", "<td>", "</tr>", "<br>", "<!-- <mj-text> -->", '<mj-table width="1" nosuch="2">', "&", "x")  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(CUTS), st.sampled_from([0, 0, 1, 3, 30]), st.sampled_from(["", *BITS]))
def test_what_the_quick_check_lets_through_the_one_with_lines_does_too(at: int, gone: int, put: str) -> None:
    broken = spelled_out(MARKUP[:at] + put + MARKUP[at + gone :])
    if making._sound(broken):
        making._checked(broken, lambda line, column: f"{line}:{column}")


@pytest.mark.parametrize("word", ["plain", "\ue002"])
def test_rows_that_go_around_the_compiler_are_what_it_would_have_made(
    word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = rich(intro=f"A {word} word.")
    quick = made(of).html
    monkeypatch.setattr(making, "_around_rows", lambda document: "")
    assert made(of).html == quick
    assert word in quick
