"""A page as plain Markdown, for programs that read: no layout, no picture, links to other twins."""

import posixpath
import re
from html import unescape

FENCE = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", re.DOTALL | re.MULTILINE)
INLINE_CODE = re.compile(r"`[^`\n]+`")
FRONT_MATTER = re.compile(r"\A\s*---\n.*?\n---\n", re.DOTALL)
PAGE_ONLY = re.compile(r"<(script|form|style|template)\b[^>]*>.*?</\1>", re.DOTALL)
LEGEND = re.compile(r'<ul class="legend">.*?</ul>')
PICTURE = re.compile(
    r"<svg\b[^>]*>\s*<title[^>]*>(?P<title>.*?)</title>\s*<desc[^>]*>(?P<desc>.*?)</desc>.*?</svg>",
    re.DOTALL,
)
ATTRIBUTES = re.compile(r"[ \t]*\{:? ?(?:[.#][\w-]|data-|title=|width=|target=)[^{}\n]*\}")
TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
TAB = re.compile(r'^(?P<indent> *)===[!+]? "(?P<title>[^"\n]*)"\n', re.MULTILINE)
ADMONITION = re.compile(
    r'^(?P<indent> *)(?:!!!|\?\?\?\+?) \w+(?: "(?P<title>[^"\n]*)")?\n', re.MULTILINE
)
LINK = re.compile(r"(?<=\]\()(?P<target>[^)\s]+)")
BLANK = re.compile(r"\n{3,}")
KEPT = "\0"


def twin_path(page: str) -> str:
    """Where the twin of a page lies: `lifecycle.md` is published as `lifecycle/index.md`."""
    folder, name = posixpath.split(page.removesuffix(".md"))
    return posixpath.join(folder, "index.md" if name == "index" else f"{name}/index.md")


def markdown_twin(text: str, page: str) -> str:
    """The Markdown of a page without what only makes sense in a browser.

    Args:
        text: the page as MkDocs reads it.
        page: its path among the pages, from which its links start.
    """
    text = FRONT_MATTER.sub("", text, count=1)
    text = _block_labels(text)
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"{KEPT}{len(kept) - 1}{KEPT}"

    text = FENCE.sub(keep, text)
    text = INLINE_CODE.sub(keep, text)
    text = PAGE_ONLY.sub("", text)
    text = LEGEND.sub("", text)
    text = PICTURE.sub(lambda match: f"*{match['title']}* — {match['desc']}", text)
    text = text.replace('</span> <span class="chip">', ", ")
    text = ATTRIBUTES.sub("", text)
    text = re.sub(r" *<br ?/?> *", " · ", text)
    text = unescape(TAG.sub("", text))
    text = LINK.sub(lambda match: _moved(match["target"], page), text)
    text = "\n".join(line.rstrip() for line in text.splitlines())
    text = BLANK.sub("\n\n", text).strip() + "\n"
    return re.sub(f"{KEPT}(\\d+){KEPT}", lambda match: kept[int(match[1])], text)


def _block_labels(text: str) -> str:
    """Tabs become a bold label and their content, notes become quotations."""
    lines: list[str] = []
    quoting: int | None = None
    tab: int | None = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() and quoting is not None and indent < quoting:
            quoting = None
        if line.strip() and tab is not None and indent < tab:
            tab = None
        if note := ADMONITION.match(line + "\n"):
            quoting, tab = len(note["indent"]) + 4, None
            lines.append(f"> **{note['title'] or ''}**")
        elif opened := TAB.match(line + "\n"):
            tab, quoting = len(opened["indent"]) + 4, None
            lines.append(f"**{opened['title']}**")
            lines.append("")
        elif quoting is not None:
            lines.append(f"> {line[quoting:]}".rstrip())
        elif tab is not None:
            lines.append(line[tab:])
        else:
            lines.append(line)
    return re.sub(r"(?:^>\n)+(?!>)", "\n", "\n".join(lines) + "\n", flags=re.MULTILINE)


def _moved(target: str, page: str) -> str:
    """A link of the page, as the twin must write it."""
    if re.match(r"[a-z][a-z0-9+.-]*:|/|#|\0", target):
        return target
    path, rest = re.split(r"(?=[?#]|$)", target, maxsplit=1)
    resolved = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    if resolved.endswith(".md"):
        resolved = twin_path(resolved)
    return posixpath.relpath(resolved, posixpath.dirname(twin_path(page)) or ".") + rest
