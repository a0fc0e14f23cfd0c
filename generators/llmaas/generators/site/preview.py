"""The site while it is written: a page is made when somebody looks at it, and nothing else is.

A built site takes many seconds, because it has hundreds of pages in every language. Whoever edits
the catalogue looks at one of them. So an edit costs the Markdown of that page's language and
MkDocs' work on one page; the others are only made for its search, while nobody asks for more.
What a reader of a built site has besides is left out: shared and compressed files, `llms.txt` and
the site map.
"""

import json
import posixpath
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import TYPE_CHECKING, Any

from llmaas.bundle import Bundle
from llmaas.catalog import CatalogFile
from llmaas.catalog.model import Catalog
from llmaas.generators.compile import compile_bundle
from llmaas.generators.fingerprint import catalogue_sha256
from llmaas.generators.site.build import site_config, usable

if TYPE_CHECKING:
    from mkdocs.structure.files import Files

    from llmaas.generators.site.pages import RenderedSite

YIELDS_S = 0.001
_SEARCH = "search/search_index.json"
_EMPTY_INDEX = (
    b'{"config": {"fields": {}, "lang": ["en"], "pipeline": [], "separator": " "}, "docs": []}'
)


class Preview:
    """One version of the catalogue as a site. Usable from several threads."""

    def __init__(
        self,
        catalog_file: CatalogFile,
        *,
        today: date,
        openapi: Callable[[Bundle], str],
        stand_in: bool,
        before: "Preview | None" = None,
    ) -> None:
        """Take a catalogue without errors; nothing is rendered yet.

        Args:
            catalog_file: the catalogue.
            today: the day whose phases and prices are shown.
            openapi: describes the API that a bundle makes the gateway serve.
            stand_in: whether every page says that stand-in weights may answer.
            before: the version before; what of the theme was compiled for it is used again.

        Raises:
            DocsError: it has errors, or a language in which there are no texts.
        """
        self._catalog = usable(catalog_file)
        self._today = today
        self._document = openapi(compile_bundle(self._catalog))
        self._stand_in = stand_in
        self._languages: dict[str, _Language] = {}
        self._themes: dict[str, _Theme] = {} if before is None else before._themes
        self._lock = RLock()
        self._over = False
        if before is not None:
            before._over = True

    def file(self, address: str) -> bytes | None:
        """What is at an address below the site, or nothing: `en/prices/` or `assets/llmaas.css`."""
        codes = self._catalog.service.languages
        first, _, rest = address.partition("/")
        code, below = (first, rest) if first in codes[1:] else (codes[0], address)
        if below == _SEARCH:
            return self._search_index(code)
        with self._lock:
            return self._language(code).file(below)

    def _search_index(self, code: str) -> bytes:
        """Every page is made for it, which takes as long as a build.

        Browsers ask for it with every page, so pages that are looked at meanwhile come between, and
        it is left empty where the next version has come, which the page is about to show.
        """
        with self._lock:
            language = self._language(code)
            if language.index is not None:
                return language.index
            files = language.documentation_pages()
        for file in files:
            with self._lock:
                if self._over:
                    return _EMPTY_INDEX
                language.add_to_index(file)
            time.sleep(YIELDS_S)  # a lock goes to whoever asks first, which would be this thread
        with self._lock:
            return language.finish_index()

    def _language(self, code: str) -> "_Language":
        if code not in self._languages:
            self._languages[code] = _Language(
                _rendered(self._catalog, code, self._today, self._document, self._stand_in),
                self._catalog,
                self._themes,
            )
        return self._languages[code]


def _rendered(
    catalog: Catalog, language: str, today: date, document: str, stand_in: bool
) -> "RenderedSite":
    from llmaas.generators.site.pages import OPENAPI_FILE, render_site  # noqa: PLC0415 - an extra

    site = render_site(
        catalog,
        language=language,
        today=today,
        catalogue_sha256=catalogue_sha256(catalog),
        openapi=json.loads(document),
        stand_in=stand_in,
        site_url="/",
    )
    return site.with_file(OPENAPI_FILE, document)


@dataclass(frozen=True)
class _Theme:
    """The theme in one language: its compiled templates, and its files."""

    environment: Any
    files: tuple[Any, ...]


@dataclass(frozen=True)
class _Framed:
    """What MkDocs knows of a language before it has read a page."""

    config: Any
    files: "Files"
    navigation: Any
    environment: Any


@dataclass
class _Language:
    """The pages of one language, each made when it is asked for."""

    site: "RenderedSite"
    catalog: Catalog
    themes: dict[str, _Theme]
    made: dict[str, bytes] = field(default_factory=dict)
    indexed: set[str] = field(default_factory=set)
    index: bytes | None = None

    def file(self, address: str) -> bytes | None:
        if address not in self.made:
            found = self._found(address)
            if found is None:
                return None
            self.made[address] = found
        return self.made[address]

    def _found(self, address: str) -> bytes | None:
        from llmaas.generators.site.publish.redirects import (  # noqa: PLC0415 - an extra
            redirect_page,
            redirects_of,
        )

        target = address.removesuffix("index.html")
        file = self._by_address.get(target) or self._by_address.get(address)
        if file is not None and file.is_documentation_page():
            return self._page(file)
        if file is not None:
            content: bytes = file.content_bytes
            return content
        if address in self._twins:
            return self._twins[address].encode()
        if (to := redirects_of(self.catalog).get(target)) is not None:
            moved = self.site.texts.moved
            return redirect_page(target, to, language=self.site.language, title=moved).encode()
        return None

    @cached_property
    def _framed(self) -> _Framed:
        from mkdocs.config import load_config  # noqa: PLC0415 - an extra
        from mkdocs.structure.files import File, Files  # noqa: PLC0415
        from mkdocs.structure.nav import get_navigation  # noqa: PLC0415

        languages = list(self.catalog.service.languages)
        with TemporaryDirectory(prefix="llmaas-preview-") as work:
            pages, place = Path(work) / "pages", Path(work) / "mkdocs.yml"
            pages.mkdir()  # stays empty: pages are handed over, MkDocs wants a directory
            described = site_config(self.site, languages, base_path="/")
            described |= {"docs_dir": str(pages), "site_dir": f"{work}/site"}
            place.write_text(json.dumps(described), encoding="utf-8")
            config = load_config(str(place))
            config.plugins.on_startup(command="serve", dirty=False)
            config = config.plugins.on_config(config)
            config.plugins.on_pre_build(config=config)
            texts: Mapping[str, str] = {**self.site.pages, **self.site.files}
            files = Files(
                [File.generated(config, path, content=text) for path, text in texts.items()]
            )
            theme = self._theme(config)
            for file in theme.files:
                files.append(file)
            files = config.plugins.on_files(files, config=config)
            navigation = get_navigation(files, config)
            navigation = config.plugins.on_nav(navigation, config=config, files=files)
            environment = config.plugins.on_env(theme.environment, config=config, files=files)
        return _Framed(config, files, navigation, environment)

    def _theme(self, config: Any) -> _Theme:
        from mkdocs.structure.files import Files  # noqa: PLC0415 - an extra

        language = self.site.language
        if language not in self.themes:
            environment, files = config.theme.get_env(), Files([])
            files.add_files_from_theme(environment, config)
            self.themes[language] = _Theme(environment, tuple(files))
        return self.themes[language]

    @cached_property
    def _by_address(self) -> dict[str, Any]:
        """Pages and files: `prices/`, or `assets/llmaas.css`."""
        return {
            file.dest_uri.removesuffix("index.html")
            if file.is_documentation_page()
            else file.dest_uri: file
            for file in self._framed.files
        }

    @cached_property
    def _twins(self) -> dict[str, str]:
        from llmaas.generators.site.publish.twins import (  # noqa: PLC0415 - an extra
            markdown_twin,
            twin_path,
        )

        return {
            twin_path(path): markdown_twin(text, path) for path, text in self.site.pages.items()
        }

    def _page(self, file: Any) -> bytes:
        context = self._context(file)
        framed, page = self._framed, file.page
        page.active = True
        try:
            template = framed.environment.get_template(page.meta.get("template", "main.html"))
            text: str = template.render(context)
        finally:
            page.active = False
        return text.encode("utf-8", "xmlcharrefreplace")

    def _context(self, file: Any) -> Any:
        from mkdocs.commands.build import get_context  # noqa: PLC0415 - an extra
        from mkdocs.structure.pages import Page  # noqa: PLC0415

        framed = self._framed
        page = file.page or Page(None, file, framed.config)
        if page.content is None:
            page.read_source(framed.config)
            page.render(framed.config, framed.files)
        return get_context(framed.navigation, framed.files, framed.config, page)

    def documentation_pages(self) -> tuple[Any, ...]:
        return tuple(self._framed.files.documentation_pages())

    def add_to_index(self, file: Any) -> None:
        """The one plugin is the search, and gathers what it is shown; each page once."""
        if file.src_uri in self.indexed:
            return
        self.indexed.add(file.src_uri)
        config, navigation = self._framed.config, self._framed.navigation
        context = self._context(file)
        config.plugins.on_page_context(context, page=file.page, config=config, nav=navigation)

    def finish_index(self) -> bytes:
        if self.index is None:
            with TemporaryDirectory(prefix="llmaas-preview-") as place:
                self._framed.config.site_dir = place
                self._framed.config.plugins.on_post_build(config=self._framed.config)
                self.index = Path(place, *posixpath.split(_SEARCH)).read_bytes()
        return self.index
