"""The bundle that is committed and shipped."""

from pathlib import Path

import pytest

from llmaas.bundle import read_bundle, read_manifest
from llmaas.catalog import Catalog, read_catalog
from llmaas.generators import catalogue_sha256, compile_bundle
from llmaas.reference import reference_directory

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    catalog_file = read_catalog(REPOSITORY / "catalog" / "models_config.yaml")
    assert catalog_file.catalog is not None
    return catalog_file.catalog


def test_the_reference_bundle_is_what_our_catalogue_compiles_to(catalog):
    assert read_bundle(reference_directory()) == compile_bundle(catalog)
    assert read_manifest(reference_directory()).catalogue_sha256 == catalogue_sha256(catalog)


def test_every_model_of_our_catalogue_is_on_a_route_with_a_worker(catalog):
    bundle = read_bundle(reference_directory())

    models = {model.id for model in catalog.models}
    assert {route.model for route in bundle.routing} == models
    assert {worker.pool for worker in bundle.workers} == models


def test_every_preferred_machine_of_the_reference_bundle_is_in_its_fleet():
    placement = read_bundle(reference_directory()).placement

    fleet = {machine.id for machine in placement.machines}
    assert {machine for row in placement.placements for machine in row.machines} <= fleet
