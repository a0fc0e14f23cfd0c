"""What is added to the built site: twins, indexes, redirects, shared and compressed files."""

import gzip
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import brotli
import pytest

from llmaas.generators.site.publish.redirects import RENAMED
from llmaas.generators.site.publish.twins import markdown_twin, twin_path

LANGUAGES = ("fr", "en", "es", "de", "it")
FOLDERS = {"fr": "", "en": "en/", "es": "es/", "de": "de/", "it": "it/"}
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
SITE_URL = "https://api.ai.cloud-temple.com/docs/"


@pytest.mark.parametrize(
    ("page", "twin"),
    [
        ("index.md", "index.md"),
        ("lifecycle.md", "lifecycle/index.md"),
        ("models/index.md", "models/index.md"),
        ("models/qwen3-8b.md", "models/qwen3-8b/index.md"),
    ],
)
def test_a_twin_lies_beside_its_page(page, twin):
    assert twin_path(page) == twin


def test_a_twin_has_no_layout_and_its_links_lead_to_twins():
    page = """---
hide: [toc]
---
# Title { #title }

<div class="facts" markdown>

| A | B |
| --- | --- |
| [x](../lifecycle.md#end) | <span class="chip">one</span> <span class="chip">two</span> |

</div>
"""
    assert markdown_twin(page, "models/x.md") == (
        "# Title\n\n| A | B |\n| --- | --- |\n| [x](../../lifecycle/index.md#end) | one, two |\n"
    )


def test_a_twin_keeps_code_as_it_is():
    code = '```json\n{ "a": "<b>", ".c": { #x } }\n```'
    assert code in markdown_twin(f"# T\n\n{code}\n\n`{{ #y }}` <b>z</b>\n", "a.md")
    assert "`{ #y }` z" in markdown_twin("# T\n\n`{ #y }` <b>z</b>\n", "a.md")


def test_a_twin_reads_tabs_as_labels_and_notes_as_quotations():
    note = '!!! note "Careful"\n\n    Hot.\n\nNext.\n'
    page = f'# T\n\n{note}\n=== "curl"\n\n    ```sh\n    ls\n    ```\n'
    assert markdown_twin(page, "a.md") == (
        "# T\n\n> **Careful**\n>\n> Hot.\n\nNext.\n\n**curl**\n\n```sh\nls\n```\n"
    )


def test_a_twin_tells_what_a_picture_shows(sites):
    twin = markdown_twin(sites["en"].pages["lifecycle.md"], "lifecycle.md")
    assert "*Phases of a model* — " in twin
    assert "<" not in re.sub(r"```.*?```", "", twin, flags=re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_has_a_twin_whose_links_lead_somewhere(built, sites, language):
    site = built / "docs" / FOLDERS[language]
    for page in sites[language].pages:
        twin = site / twin_path(page)
        text = re.sub(r"```.*?```", "", twin.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert text.startswith("# "), twin
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"[a-z]+:|#", link):
                assert (twin.parent / re.split("[?#]", link)[0]).is_file(), (twin, link)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_links_to_its_twin(built, sites, language):
    site = built / "docs" / FOLDERS[language]
    for page in sites[language].pages:
        html = (site / twin_path(page)).with_suffix(".html").read_text(encoding="utf-8")
        assert 'href="index.md" type="text/markdown"' in html, page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_for_language_models_lists_every_page_once(built, sites, language):
    text = (built / "docs" / FOLDERS[language] / "llms.txt").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[.+?\]\(([^)]+)\)", text, flags=re.MULTILINE)
    own = SITE_URL + FOLDERS[language]
    assert sorted(listed) == sorted(own + twin_path(page) for page in sites[language].pages)


def test_the_sitemap_names_every_page_with_its_counterparts(built, sites):
    root = ET.parse(built / "docs" / "sitemap.xml").getroot()
    urls = root.findall(f"{SITEMAP}url")
    assert len(urls) == len(sites["fr"].pages) * len(LANGUAGES)
    for url in urls:
        alternates = {
            link.get("hreflang"): link.get("href") for link in url.findall(f"{XHTML}link")
        }
        assert alternates.keys() == {*LANGUAGES, "x-default"}
        assert url.find(f"{SITEMAP}loc").text in alternates.values()
        for address in alternates.values():
            assert (built / "docs" / address.removeprefix(SITE_URL) / "index.html").is_file()


@pytest.mark.parametrize("folder", FOLDERS.values())
def test_old_addresses_and_aliases_lead_to_pages(built, catalog, folder):
    site = built / "docs" / folder
    aliases = [alias for model in catalog.models for alias in model.aliases]
    addresses = [*RENAMED, *(f"models/{alias.replace(':', '-')}/" for alias in aliases)]
    for address in addresses:
        page = (site / address / "index.html").read_text(encoding="utf-8")
        target = re.search(r'content="0; url=([^"]+)"', page)[1]
        assert (site / address / target / "index.html").resolve().is_file(), address


def test_the_languages_share_the_assets_of_the_first(built):
    assert list(built.rglob("assets")) == [built / "docs" / "assets"]


def test_our_own_assets_are_named_after_their_content(built):
    own = [path.name for path in (built / "docs" / "assets").glob("*.[cj]s*")]
    assert own
    for name in own:
        assert re.fullmatch(r"[\w-]+\.[0-9a-f]{8}\.(css|js)(\.gz|\.br)?", name), name


def test_compressed_variants_hold_the_same_bytes(built):
    variants = [*built.rglob("*.gz"), *built.rglob("*.br")]
    assert {Path(path.stem).suffix for path in variants} >= {".html", ".css", ".js", ".json"}
    for path in variants:
        content = path.with_suffix("").read_bytes()
        unpack = gzip.decompress if path.suffix == ".gz" else brotli.decompress
        assert unpack(path.read_bytes()) == content
        assert path.stat().st_size < len(content)
