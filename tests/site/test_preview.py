"""A preview makes the same pages as a build, one by one."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.site.conftest import TODAY

from llmaas.bundle import model_slug
from llmaas.catalog import parse_catalog
from llmaas.generators.site import DocsError
from llmaas.generators.site.preview import Preview

PAGES = ("", "prices/", "models/", "en/lifecycle/", "de/models/granite3.3-8b/", "it/endpoints/")


def article(html):
    """What a reader reads; names of shared files differ."""
    (found,) = re.findall(r"<article.*?</article>", html, re.DOTALL)
    return re.sub(r'"[./]*assets/[^"]*"', '"asset"', found)


@pytest.fixture(scope="module")
def preview(catalog_file, openapi_text):
    return Preview(catalog_file, today=TODAY, openapi=lambda _bundle: openapi_text, stand_in=True)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_reads_as_it_does_in_a_built_site(preview, built, address):
    there = (built / "docs" / address / "index.html").read_text(encoding="utf-8")
    assert article(preview.file(address).decode()) == article(there)


def test_everything_a_page_asks_for_is_there(preview):
    for address in PAGES[:3]:
        html = preview.file(address).decode()
        asked = re.findall(r'(?:src|href)="((?:\.\./)*assets/[^"]+)"', html)
        assert asked
        for each in asked:
            assert preview.file(each.replace("../", "").partition("#")[0]), each


def test_every_page_is_in_the_search(preview, sites):
    found = json.loads(preview.file("en/search/search_index.json"))
    listed = {entry["location"].partition("#")[0] for entry in found["docs"]}
    assert len(listed) == len(sites["en"].pages)


def test_the_search_of_a_version_that_is_over_is_not_made(catalog_file, openapi_text):
    def preview(before=None):
        return Preview(
            catalog_file,
            today=TODAY,
            openapi=lambda _bundle: openapi_text,
            stand_in=True,
            before=before,
        )

    first = preview()
    second = preview(first)
    assert json.loads(first.file("search/search_index.json"))["docs"] == []
    # Asked for twice at once, it is whole both times, and each page is in it once.
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(second.file, ["en/search/search_index.json"] * 2))
    assert found[0] == found[1]
    alone = json.loads(preview().file("en/search/search_index.json"))["docs"]
    places = sorted(entry["location"] for entry in json.loads(found[0])["docs"])
    assert places == sorted(entry["location"] for entry in alone)


def test_twins_and_redirects_are_there_and_nothing_else_is(preview, catalog):
    assert preview.file("prices/index.md").startswith(b"#")
    aliased = next(model for model in catalog.models if model.aliases)
    moved = preview.file(f"models/{model_slug(aliased.aliases[0])}/").decode()
    assert model_slug(aliased.id) in moved
    for address in ("nothing/", "../secret", "en/../../etc/passwd", "fr/prices/"):
        assert preview.file(address) is None


def test_a_version_after_another_shows_its_own_facts(preview, catalog_file, openapi_text):
    text = catalog_file.path.read_text(encoding="utf-8")
    changed = parse_catalog(
        text.replace("display_name: Granite 3.3 8B", "display_name: Another Name").encode(),
        catalog_file.path,
    )
    after = Preview(
        changed,
        today=TODAY,
        openapi=lambda _bundle: openapi_text,
        stand_in=True,
        before=preview,
    )
    assert b"Another Name" in after.file("models/")
    assert b"Another Name" not in preview.file("models/")


def test_a_catalogue_with_errors_is_not_previewed(catalog_file):
    broken = parse_catalog(b"models: 7\n", catalog_file.path)
    with pytest.raises(DocsError, match="has errors"):
        Preview(broken, today=TODAY, openapi=lambda _bundle: "{}", stand_in=False)
