"""Files are edited whole or not at all."""

import os
import stat
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from llmaas.catalog import read_catalog
from llmaas.catalog.edit import (
    Drop,
    Edit,
    EditRefusedError,
    Put,
    add_alias,
    applying,
    set_price,
    set_tier,
    write_edited,
)
from llmaas.catalog.model import Catalog

BASE = Path(__file__).parents[2] / "golden" / "edit" / "base.yaml"
TODAY = date(2025, 12, 1)


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "models_config.yaml"
    path.write_bytes(BASE.read_bytes())
    return path


def read(path: Path) -> Catalog:
    catalog = read_catalog(path).catalog
    assert catalog is not None
    return catalog


def test_an_edit_is_in_the_file_and_nothing_else_is_left_beside_it(catalogue: Path) -> None:
    write_edited(catalogue, add_alias(read(catalogue), "next:8b", "next"))
    assert read(catalogue).models[2].aliases == ("next",)
    assert list(catalogue.parent.iterdir()) == [catalogue]


def test_an_edit_keeps_the_permissions_of_the_file(catalogue: Path) -> None:
    catalogue.chmod(0o640)
    write_edited(catalogue, add_alias(read(catalogue), "next:8b", "next"))
    assert stat.S_IMODE(catalogue.stat().st_mode) == 0o640


def test_an_edit_of_a_link_changes_what_it_points_to(catalogue: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.yaml"
    link.parent.mkdir()
    link.symlink_to(catalogue)
    write_edited(link, add_alias(read(link), "next:8b", "next"))
    assert link.is_symlink()
    assert read(catalogue).models[2].aliases == ("next",)


def test_a_file_with_errors_is_left_alone(catalogue: Path) -> None:
    broken = catalogue.read_text().replace("eur: 4.00", "eur: -4")
    catalogue.write_text(broken)
    with pytest.raises(EditRefusedError, match="has errors") as refused:
        write_edited(catalogue, Edit((Put(("tiers", 0, "monthly_cap_eur"), 5),)))
    assert refused.value.problems
    assert catalogue.read_text() == broken


def test_an_edit_that_would_make_an_error_is_not_written(catalogue: Path) -> None:
    before = catalogue.read_bytes()
    with pytest.raises(EditRefusedError, match="would have errors") as refused:
        write_edited(
            catalogue, set_tier(read(catalogue), "contract", {"monthly_cap_eur": Decimal(5)})
        )
    assert [problem.code for problem in refused.value.problems] == ["limited-contract-tier"]
    assert catalogue.read_bytes() == before
    assert list(catalogue.parent.iterdir()) == [catalogue]


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(
    catalogue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = set_price(
        read(catalogue), "input", Decimal("1.1"), effective_on=date(2026, 3, 1), today=TODAY
    )
    theirs = catalogue.read_bytes() + b"# theirs\n"

    def save_by_somebody_else(descriptor: int) -> None:
        catalogue.write_bytes(theirs)

    monkeypatch.setattr(applying.os, "fsync", save_by_somebody_else)
    with pytest.raises(EditRefusedError, match="changed by somebody else"):
        write_edited(catalogue, edit)
    assert catalogue.read_bytes() == theirs
    assert list(catalogue.parent.iterdir()) == [catalogue]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_directory_that_cannot_be_written_to_is_an_error(catalogue: Path) -> None:
    catalogue.parent.chmod(0o500)
    with pytest.raises(PermissionError):
        write_edited(catalogue, add_alias(read(catalogue), "next:8b", "next"))


def test_the_last_item_of_a_list_is_not_taken_out(catalogue: Path) -> None:
    with pytest.raises(EditRefusedError, match="only item"):
        write_edited(catalogue, Edit((Drop(("fleet", "machines", 0)),)))


def test_what_stands_between_the_items_of_a_list_is_not_replaced(catalogue: Path) -> None:
    with pytest.raises(EditRefusedError, match="edited by hand"):
        write_edited(catalogue, Edit((Put(("models", 0, "aliases"), ("other",)),)))
