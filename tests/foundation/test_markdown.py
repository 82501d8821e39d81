"""The Markdown of editors: what it makes, and what it refuses to make."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.templating.markdown import markdown, markdown_text


@pytest.mark.parametrize(
    ("written", "html", "text"),
    [
        ("Good morning.", "Good morning.", "Good morning."),
        ("A *fine* **day**", "A <em>fine</em> <strong>day</strong>", "A fine day"),
        (
            "Read [the log](https://log.example/?a=1&b=2).",
            'Read <a href="https://log.example/?a=1&amp;b=2" class="i">the log</a>.',
            "Read the log (https://log.example/?a=1&b=2).",
        ),
        (
            "[Write](mailto:desk@halyard.example)",
            '<a href="mailto:desk@halyard.example" class="i">Write</a>',
            "Write (desk@halyard.example)",
        ),
        ("One\n\nTwo\nlines", "One<br><br>Two<br>lines", "One\n\nTwo\nlines"),
        ("[no](javascript:bad())", "[no](javascript:bad())", "[no](javascript:bad())"),
        ("[no](ftp://files.example)", "no", "no"),
        ("<b onclick=bad()>x</b>", "&lt;b onclick=bad()&gt;x&lt;/b&gt;", "<b onclick=bad()>x</b>"),
        ("![alt](https://p.example/x.png)", '!<a href="https://p.example/x.png" class="i">alt</a>', None),
        ("5 < 6 & \\*plain\\*", "5 &lt; 6 &amp; *plain*", "5 < 6 & *plain*"),
        ("", "", ""),
    ],
)
def test_what_is_written(written: str, html: str, text: str | None) -> None:
    assert markdown(written, "i") == html
    if text is not None:
        assert markdown_text(written) == text


@given(st.text(alphabet="ab<>&\"'[]()*_!\\\n :/javscript:https", max_size=60))
def test_whatever_is_written_only_our_tags_come_out(written: str) -> None:
    made = str(markdown(written, "i"))
    left = re.sub(r'<a href="(?:https?://|mailto:)[^"<>]*" class="i">|</a>|</?(?:em|strong)>|<br>', "", made)
    assert "<" not in left
    assert '"' not in left.replace("&#34;", "")
    markdown_text(written)
