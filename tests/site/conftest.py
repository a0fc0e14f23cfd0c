"""The committed catalogue and API description on one day, rendered and built once for all tests."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Up
from tests.site.browsing import chromium_browser, serving_docs, watched_pages

from llmaas.catalog import parse_catalog, read_catalog
from llmaas.generators.site import build_site
from llmaas.generators.site.pages import render_site

ROOT = Path(__file__).parent.parent.parent
CATALOG = ROOT / "catalog" / "models_config.yaml"
OPENAPI = ROOT / "platform" / "llmaas" / "reference" / "openapi.json"
TODAY = date(2026, 11, 21)
LANGUAGES = ("fr", "en", "es", "de", "it")


@pytest.fixture(scope="session")
def catalog_file():
    return read_catalog(CATALOG)


@pytest.fixture(scope="session")
def catalog(catalog_file):
    assert catalog_file.catalog is not None
    return catalog_file.catalog


@pytest.fixture(scope="session")
def openapi_text():
    return OPENAPI.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def catalog_text():
    return CATALOG.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def openapi(openapi_text):
    return json.loads(openapi_text)


@pytest.fixture(scope="session")
def render(openapi_text):
    def render(catalog, language, *, today=TODAY, stand_in=False, **options):
        return render_site(
            catalog,
            language=language,
            today=today,
            catalogue_sha256="0123456789abcdef" * 4,
            openapi=json.loads(openapi_text),
            stand_in=stand_in,
            **options,
        )

    return render


@pytest.fixture(scope="session")
def sites(catalog, render):
    return {language: render(catalog, language) for language in LANGUAGES}


@pytest.fixture(scope="session")
def built(catalog_file, openapi_text, tmp_path_factory):
    """A site as the gateway serves it: the directory above `docs/`."""
    root = tmp_path_factory.mktemp("site")
    build_site(
        catalog_file,
        root / "docs",
        today=TODAY,
        openapi=lambda _bundle: openapi_text,
        stand_in=True,
    )
    return root


@pytest.fixture
def edited_catalog():
    """The committed catalogue with one text replaced by another."""

    def edit(old: str, new: str):
        text = CATALOG.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        parsed = parse_catalog(text.replace(old, new).encode(), CATALOG)
        assert parsed.catalog is not None, parsed.problems
        return parsed.catalog

    return edit


@pytest.fixture(scope="session")
def docs_url(built):
    with serving_docs(built) as url:
        yield url


@pytest.fixture(scope="module")  # its event loop must not outlive the tests that need it
def chromium():
    with chromium_browser() as browser:
        yield browser


@pytest.fixture
def open_page(chromium, docs_url):
    """Opens pages; at the end of the test, nothing may have left this host or complained."""
    with watched_pages(chromium, docs_url) as open_page:
        yield open_page


@pytest.fixture(scope="session")
def running_service(tmp_path_factory):
    """`llmaas up` without its documentation, for what the pages say about a service."""
    catalog = Path(shutil.copy(CATALOG, tmp_path_factory.mktemp("catalog")))
    up = Up(catalog, tmp_path_factory.mktemp("up") / "state", "--no-docs")
    yield up.service
    assert up.stop() == 0
