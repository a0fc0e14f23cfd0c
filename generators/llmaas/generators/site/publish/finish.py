"""The last steps, on the finished HTML of all languages."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmaas.generators.site.errors import DocsError
from llmaas.generators.site.publish.assets import name_by_content, share_assets
from llmaas.generators.site.publish.compressed import write_compressed
from llmaas.generators.site.publish.indexes import write_llms_txt, write_sitemap
from llmaas.generators.site.publish.redirects import redirect_page
from llmaas.generators.site.publish.twins import markdown_twin, twin_path


@dataclass(frozen=True)
class LanguageSite:
    """A language as it is published."""

    language: str
    folder: str
    """Below the site: `""` for the default language, `en/` for another."""
    pages: Mapping[str, str]
    """Markdown by path."""
    navigation: Sequence[Mapping[str, Any]]
    name: str
    summary: str
    moved: str
    """What a page says that sends its reader on."""


def finish_site(
    root: Path,
    sites: Sequence[LanguageSite],
    *,
    redirects: Mapping[str, str],
    site_url: str,
    base_path: str,
) -> None:
    """Add what MkDocs does not make, then share, name and compress what it made.

    Args:
        root: the built site; the default language, first in `sites`, is at its top.
        sites: the languages.
        redirects: addresses that lead elsewhere, below each language.
        site_url: public address of the site, with a slash at its end.
        base_path: its path.

    Raises:
        DocsError: an address that redirects is that of a page.
    """
    for site in sites:
        below = root / site.folder
        _mend_missing_page(below / "404.html")
        for page, text in site.pages.items():
            _write(below / twin_path(page), markdown_twin(text, page))
        index = write_llms_txt(
            site.pages,
            name=site.name,
            summary=site.summary,
            sections=_sections(site.navigation),
            site_url=site_url + site.folder,
        )
        _write(below / "llms.txt", index)
        for address, target in redirects.items():
            file = below / address / "index.html"
            if file.exists():
                raise DocsError(f"the address {address} redirects to {target}, but it is a page")
            page = redirect_page(address, target, language=site.language, title=site.moved)
            _write(file, page)
    folders = {site.language: site.folder for site in sites}
    sitemap = write_sitemap(list(sites[0].pages), folders, site_url=site_url)
    _write(root / "sitemap.xml", sitemap)
    share_assets(root, [site.folder for site in sites[1:]], base_path=base_path)
    name_by_content(root)
    write_compressed(root)


def _mend_missing_page(file: Path) -> None:
    """Let the search of the page for missing addresses look where the others look.

    Its links start with the path of the site and want it without a slash; the theme's script
    resolves addresses against it and needs one.
    """
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r'(?<="base": ")(/[^"]*?)/?(?=")', r"\1/", text), encoding="utf-8")


def _sections(navigation: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The pages under each title of the first level."""
    return {title: list(_paths(below)) for entry in navigation for title, below in entry.items()}


def _paths(below: object) -> Iterator[str]:
    if isinstance(below, str):
        yield below
    elif isinstance(below, Mapping):
        for inner in below.values():
            yield from _paths(inner)
    elif isinstance(below, Sequence):
        for inner in below:
            yield from _paths(inner)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
