"""A notice's words as a small HTML mail: the same text, its addresses as links, in the theme's colours."""

from __future__ import annotations

from digest.model.editions import Publication
from digest.model.languages import direction
from digest.model.mail import Notice
from digest.render.theme import Theme
from digest.templating import Environment, fill


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
