"""The words of notices to readers: confirm a sign-up, your own links. ``words`` translates; links stand on lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Words = Callable[[str], str]


def confirm_letter(words: Words, *, title: str, link: str, days: int) -> tuple[str, str]:
    """Return subject and text that ask whether it was she who signed up."""
    subject = words("Confirm that you want {title}").format(title=title)
    lines = [
        words("You or someone else entered this address to get {title}.").format(title=title),
        f"{words('To get it, open this link and press the button:')}\n{link}",
        words("The link works for {days} days.").format(days=days),
        words("If it was not you, do nothing and hear nothing more."),
    ]
    return subject, "\n\n".join(lines) + "\n"


def links_letter(words: Words, *, title: str, links: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """Return subject and text that bring a reader her links: (digest's title, preferences, unsubscribe) of each."""
    subject = words("Your links for {title}").format(title=title)
    lines = [words("You or someone else asked for the links of this address.")]
    for name, preferences, unsubscribe in links:
        if len(links) > 1:
            lines.append(name)
        lines.append(f"{words('Choose sections, days and language, or pause:')}\n{preferences}")
        lines.append(f"{words('Unsubscribe:')}\n{unsubscribe}")
    lines.append(words("They work without a password and do not expire, so keep them to yourself."))
    return subject, "\n\n".join(lines) + "\n"
