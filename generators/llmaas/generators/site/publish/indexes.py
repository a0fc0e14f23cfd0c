"""Indexes of the site: `sitemap.xml` for search engines, `llms.txt` for language models."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from xml.sax.saxutils import quoteattr

from llmaas.generators.site.publish.twins import twin_path

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
TITLE = re.compile(r"^# (?P<title>.+?)(?: \{[^{}]*\})?$", re.MULTILINE)
DESCRIPTION = re.compile(r'\A\s*---\n.*?^description: "(?P<text>.*?)"$', re.DOTALL | re.MULTILINE)


def page_url(page: str) -> str:
    """The address of a page below its site: `lifecycle.md` is `lifecycle/`."""
    return twin_path(page).removesuffix("index.md")


def write_sitemap(pages: Sequence[str], folders: Mapping[str, str], *, site_url: str) -> str:
    """All pages with their counterparts in the other languages.

    Args:
        pages: paths of the Markdown pages, the same in every language.
        folders: languages and the folders below the site in which they are, `""` for the default.
        site_url: public address of the site, with a slash at its end.
    """
    default = next(language for language, folder in folders.items() if not folder)
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<urlset xmlns="{SITEMAP}" xmlns:xhtml="{XHTML}">',
    ]
    for page in sorted(pages):
        urls = {
            language: f"{site_url}{folder}{page_url(page)}" for language, folder in folders.items()
        }
        alternates = [
            f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(url)}/>'
            for code, url in [*urls.items(), ("x-default", urls[default])]
        ]
        for url in urls.values():
            # Addresses are made of slugs, which need no escaping.
            lines += ["<url>", f"<loc>{url}</loc>", *alternates, "</url>"]
    return "\n".join([*lines, "</urlset>"]) + "\n"


def write_llms_txt(
    pages: Mapping[str, str],
    *,
    name: str,
    summary: str,
    sections: Mapping[str, Sequence[str]],
    site_url: str,
) -> str:
    """What the site holds, for programs that read Markdown: links to the twin of each page.

    Args:
        pages: Markdown by path.
        name: name of the service.
        summary: what it is, in a sentence.
        sections: titles and the paths under them.
        site_url: address of this language's site, with a slash at its end.
    """
    lines = [f"# {name}", "", f"> {summary}", ""]
    for title, paths in sections.items():
        lines += [f"## {title}", ""]
        for path in paths:
            text = pages[path]
            heading = TITLE.search(text)
            described = DESCRIPTION.search(text)
            says = f": {unescape(described['text'])}" if described else ""
            shown = unescape(heading["title"]) if heading else path
            lines.append(f"- [{shown}]({site_url}{twin_path(path)}){says}")
        lines.append("")
    return "\n".join(lines)
