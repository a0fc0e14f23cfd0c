"""The page of the data inventory: every class of data, in every language, for this catalogue."""

import re

import pytest
from tests.site.conftest import ROOT, TODAY

from llmaas.bundle.inventory import INVENTORY
from llmaas.catalog.model import Catalog
from llmaas.generators.site import render_pages
from llmaas.generators.site.texts import Texts

PAGE = "concepts/data.md"
PLATFORM = ROOT / "platform"


def page(catalog: Catalog, language: str) -> str:
    pages = render_pages(
        catalog,
        language=language,
        today=TODAY,
        catalogue_sha256="0" * 64,
        openapi={"paths": {}},
        stand_in=False,
    )
    return pages[PAGE]


@pytest.mark.parametrize("language", ["fr", "en", "es", "de", "it"])
def test_every_class_of_data_is_a_row_in_the_words_of_the_language(
    catalog: Catalog, language: str
) -> None:
    texts, shown = Texts(language), page(catalog, language)
    for each in INVENTORY:
        assert f"| {texts.word('data', each.id)} |" in shown
        assert texts.word("data_kept", each.kept) in shown or each.kept == "audit_retention"
        for table in each.columns:
            assert f"`{table}`" in shown
        for pattern in each.files:
            assert f"`{pattern.removesuffix('*')}`" in shown
    assert not texts.missing


def test_whatever_gateways_share_in_a_store_of_their_own_is_said_to_be_there(
    catalog: Catalog,
) -> None:
    """Each module that writes to Valkey or Redis keeps one class of data there."""
    writers = {
        path.relative_to(PLATFORM).as_posix()
        for path in PLATFORM.rglob("*.py")
        if re.search(r"^\s*from redis", path.read_text(), re.MULTILINE)
    }
    kept = {
        "llmaas/accounts/shared.py": "windows",
        "llmaas/security/shared_history.py": "prompt_marks",
    }
    assert writers == set(kept)
    assert {each.id for each in INVENTORY if each.shared_memory} == set(kept.values())
    rows = page(catalog, "en").splitlines()
    for id_ in kept.values():
        (row,) = (row for row in rows if row.startswith(f"| {Texts('en').word('data', id_)} |"))
        assert "Valkey" in row


def test_the_audit_trails_retention_is_that_of_the_catalogue(catalog: Catalog) -> None:
    row = next(line for line in page(catalog, "en").splitlines() if line.startswith("| Audit"))
    assert f"{catalog.service.audit_retention_days} days" in row
    service = catalog.service.model_copy(update={"audit_retention_days": None})
    unlimited = catalog.model_copy(update={"service": service})
    row = next(line for line in page(unlimited, "en").splitlines() if line.startswith("| Audit"))
    assert "without limit" in row
