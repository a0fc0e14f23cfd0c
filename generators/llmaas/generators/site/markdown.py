"""Text of authors inside Markdown: shown as written, never interpreted."""

import re

_SPECIAL = re.compile(r"([\\`*_\[\]|{}#])")


def plain(text: str) -> str:
    """Escape a text so that neither Markdown nor HTML in it has an effect."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", " ".join(escaped.split()))


def indented(text: str, spaces: int) -> str:
    """Indent every line, as Markdown wants the content of a tab."""
    return "\n".join(" " * spaces + line if line else "" for line in text.splitlines())
