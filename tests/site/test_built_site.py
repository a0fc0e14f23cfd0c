"""The site on disk: complete, closed in itself, and never half replaced."""

import sys
from datetime import date
from html.parser import HTMLParser
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urljoin, urlsplit

import psutil
import pytest

from llmaas.catalog import parse_catalog
from llmaas.generators.fingerprint import catalogue_sha256
from llmaas.generators.site import DocsError, DocsUnavailable, UntranslatedError, build_site, mkdocs
from llmaas.generators.site.texts import Missing, Texts

CATALOG = Path("models_config.yaml")
TODAY = date(2026, 11, 21)
HOST = "http://site.example"
LOADING = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
}


class Page(HTMLParser):
    """What a page links to, what it loads, and the places one can link to."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.ids = [], [], []
        self.redirect = False
        self.language = None
        self.hreflangs = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if tag == "body":
            self.redirect = "data-redirect" in attributes
        if tag == "html":
            self.language = attributes.get("lang")
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
            if "hreflang" in attributes:
                self.hreflangs.append((attributes["hreflang"], attributes["href"]))
        if attributes.get(LOADING.get(tag, "")):
            self.loads.append(attributes[LOADING[tag]])


@pytest.fixture(scope="module")
def pages(built):
    return {
        path.relative_to(built): Page(path.read_text(encoding="utf-8"))
        for path in sorted(built.rglob("*.html"))
    }


def address(path: Path) -> str:
    return f"{HOST}/{path.as_posix().removesuffix('index.html')}"


def file_of(built: Path, url: str) -> Path:
    path = unquote(urlsplit(url).path).lstrip("/")
    return built / (f"{path}index.html" if path.endswith("/") else path)


def test_every_language_has_every_page(pages):
    plain = {path for path in pages if path.parts[1] not in {"en", "es", "de", "it"}}
    for language in ("en", "es", "de", "it"):
        own = {path for path in pages if path.parts[1] == language}
        assert {Path("docs", *path.parts[2:]) for path in own} == plain


def test_every_page_says_in_which_language_it_is(pages):
    for path, page in pages.items():
        folder = path.parts[1]
        assert page.language == (folder if folder in {"en", "es", "de", "it"} else "fr"), path


def test_every_link_and_every_anchor_leads_somewhere(built, pages):
    broken = []
    for path, page in pages.items():
        for link in page.links + page.loads:
            url = urljoin(address(path), link)
            if not url.startswith(f"{HOST}/"):
                continue
            target = file_of(built, url)
            fragment = unquote(urlsplit(url).fragment)
            known = pages.get(target.relative_to(built)) if target.suffix == ".html" else None
            if not target.is_file() or (fragment and known and fragment not in known.ids):
                broken.append(f"{path}: {link}")
    assert broken == []


def test_nothing_is_loaded_from_another_host(built, pages):
    outside = [
        (path, link)
        for path, page in pages.items()
        for link in page.loads
        if not urljoin(address(path), link).startswith(f"{HOST}/")
    ]
    assert outside == []
    styles = "".join(path.read_text(encoding="utf-8") for path in built.rglob("llmaas*.css"))
    assert "http" not in styles


def test_no_id_is_there_twice(pages):
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path


def test_the_language_menu_leads_to_the_same_page(pages):
    for path, page in pages.items():
        if path.name == "404.html":
            continue
        inside = path.parts[2:] if path.parts[1] in {"en", "es", "de", "it"} else path.parts[1:]
        for language, link in page.hreflangs:
            folder = () if language == "fr" else (language,)
            expected = address(Path("docs", *folder, *inside))
            assert urljoin(address(path), link) == expected, path


def test_a_missing_page_finds_its_styles_from_any_depth(pages):
    for path in (Path("docs/404.html"), Path("docs/en/404.html")):
        root = f"/{path.parent.as_posix()}/"
        # Assets are those of the default language, for all.
        assert pages[path].loads
        assert all(link.startswith("/docs/assets/") for link in pages[path].loads)
        assert (
            ("de", f"{root}de/") if path.parts[1] == "404.html" else ("de", f"{root}../de/")
        ) in (pages[path].hreflangs)


def test_headings_have_the_same_anchors_in_every_language(pages):
    for path, page in pages.items():
        if path.parts[1] in {"en", "es", "de", "it"}:
            french = pages[Path("docs", *path.parts[2:])]
            assert [i for i in page.ids if i[0] != "_"] == [i for i in french.ids if i[0] != "_"]


def test_every_page_says_of_which_catalogue_and_day_it_is(built, pages, catalog):
    version = f"catalogue {catalogue_sha256(catalog)[:12]}"
    for path in (path for path, page in pages.items() if not page.redirect):
        text = (built / path).read_text(encoding="utf-8")
        if path.parts[1] not in {"en", "es", "de", "it"}:
            assert f"état du 21 novembre 2026 · {version}" in text, path


def test_every_page_announces_stand_in_weights(built, pages):
    for path in (path for path, page in pages.items() if not page.redirect):
        assert 'class="stand-in"' in (built / path).read_text(encoding="utf-8"), path


def test_the_api_description_is_published_with_each_language(built, openapi_text):
    for folder in ("", "en/", "es/", "de/", "it/"):
        assert (built / f"docs/{folder}openapi.json").read_text(encoding="utf-8") == openapi_text


def build(catalog_file, out_dir, openapi_text, **options):
    build_site(
        catalog_file,
        out_dir,
        today=TODAY,
        openapi=lambda _bundle: openapi_text,
        stand_in=False,
        **options,
    )


@pytest.fixture
def old_site(tmp_path):
    site = tmp_path / "docs"
    site.mkdir()
    (site / "index.html").write_text("old")
    return site


def assert_untouched(site):
    assert (site / "index.html").read_text() == "old"
    assert [path.name for path in site.parent.iterdir()] == ["docs"]


def test_a_build_that_fails_keeps_the_old_site(catalog_file, openapi_text, old_site, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(DocsError, match="MkDocs failed for language"):
        build(catalog_file, old_site, openapi_text)
    assert_untouched(old_site)


class InterruptedForTestError(Exception):
    """Stands for Ctrl-C, which would end the tests."""


def test_an_interrupted_build_ends_at_once_with_its_processes(
    catalog_file, openapi_text, old_site, monkeypatch, tmp_path
):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexec sleep 100\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    before, started = psutil.Process().children(), []

    def interrupt(_seconds: float) -> None:
        started.extend(child for child in psutil.Process().children() if child not in before)
        raise InterruptedForTestError

    monkeypatch.setattr(mkdocs, "time", SimpleNamespace(sleep=interrupt))
    with pytest.raises(InterruptedForTestError):
        build(catalog_file, old_site, openapi_text)
    assert len(started) == mkdocs.AT_A_TIME
    assert not any(process.is_running() for process in started)
    python.unlink()
    assert_untouched(old_site)


def test_a_full_disk_is_told_as_one(catalog_file, openapi_text, old_site, monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'OSError: [Errno 28] No space left on device' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(OSError, match="No space left on device"):
        build(catalog_file, old_site, openapi_text)
    python.unlink()
    assert_untouched(old_site)


def test_a_strict_build_refuses_what_is_not_translated(
    catalog_file, openapi_text, old_site, monkeypatch
):
    def forgetful(self, source):
        if self.language == "de":
            self.missing.add(Missing("de", "", source))
        return source

    monkeypatch.setattr(Texts, "gettext", forgetful)
    with pytest.raises(UntranslatedError, match=r"site\.de\.po: "):
        build(catalog_file, old_site, openapi_text, strict=True)
    assert_untouched(old_site)


def test_without_the_docs_extra_the_remedy_is_named(
    catalog_file, openapi_text, old_site, monkeypatch
):
    monkeypatch.setattr(
        "llmaas.generators.site.build.find_spec",
        lambda name: None if name == "babel" else find_spec(name),
    )
    with pytest.raises(DocsUnavailable, match=r"\(babel\); install them with: pip install"):
        build(catalog_file, old_site, openapi_text)
    assert_untouched(old_site)


def test_a_language_without_texts_is_refused_with_those_there_are(
    catalog_text, openapi_text, old_site
):
    edited = catalog_text.replace("languages: [fr, en, es, de, it]", "languages: [fr, nl]")
    with pytest.raises(DocsError, match=r"no texts for nl; the documentation speaks fr, de"):
        build(parse_catalog(edited.encode(), CATALOG), old_site, openapi_text)
    assert_untouched(old_site)


def test_another_default_language_stands_at_the_root(
    catalog_text, openapi_text, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    edited = catalog_text.replace("languages: [fr, en, es, de, it]", "languages: [en, fr]")
    steps = []
    build(
        parse_catalog(edited.encode(), CATALOG),
        Path("new", "docs"),
        openapi_text,
        strict=True,
        progress=lambda done, total: steps.append((done, total)),
    )
    site = tmp_path / "new" / "docs"
    assert Page((site / "index.html").read_text(encoding="utf-8")).language == "en"
    assert Page((site / "fr" / "index.html").read_text(encoding="utf-8")).language == "fr"
    assert 'class="stand-in"' not in (site / "index.html").read_text(encoding="utf-8")
    assert steps == [(0, 2), (1, 2), (2, 2)]


def test_a_new_service_has_a_complete_site_at_once(openapi_text, tmp_path):
    starter = resources.files("llmaas.catalog").joinpath("starter.yaml").read_bytes()
    site = tmp_path / "docs"
    build(parse_catalog(starter, CATALOG), site, openapi_text, strict=True, base_path="/")
    assert (site / "lifecycle" / "index.html").is_file()
    for file in (site / "404.html", site / "fr" / "404.html"):
        missing = Page(file.read_text(encoding="utf-8"))
        assert missing.loads
        # Two slashes at the beginning would be another host.
        assert all(link.startswith("/") and link[1] != "/" for link in missing.loads)
        assert all(link.startswith("/") and link[1] != "/" for _, link in missing.hreflangs)
