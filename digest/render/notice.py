"""A notice's words as a small HTML mail: the same text, its addresses as links, in the theme's colours."""

from __future__ import annotations

from digest.model.editions import Publication
from digest.model.mail import Notice
from digest.render.theme import Theme
from digest.templating import Environment, fill

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def direction(language: str) -> str:
    """Return "rtl" or "ltr": how a language of that tag is written."""
    return "rtl" if language.split("-")[0].lower() in RIGHT_TO_LEFT else "ltr"


def notice_html(notice: Notice, *, publication: Publication, theme: Theme, environment: Environment) -> str:
    """Return the HTML of a notice; raises TemplateError. Everything in it is escaped."""
    language = notice.language or publication.language
    paragraphs = [
        [{"text": line, "is_link": _is_link(line)} for line in block.splitlines()]
        for block in notice.text.strip().split("\n\n")
    ]
    values = {
        "publication": publication,
        "subject": notice.subject,
        "language": language,
        "direction": direction(language),
        "paragraphs": paragraphs,
        "theme": theme,
    }
    return fill(environment, "mail/notice.html", values)


def _is_link(line: str) -> bool:
    return line.startswith(("https://", "http://")) and len(line.split()) == 1
