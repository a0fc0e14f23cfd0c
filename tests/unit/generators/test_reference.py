"""The bundle that is committed and shipped."""

from pathlib import Path

import pytest

from llmaas.bundle import read_bundle
from llmaas.catalog import CatalogFile, read_catalog, render_problems
from llmaas.gateway import openapi_document
from llmaas.generators import compare, compile_bundle, generated_files, layout_of
from llmaas.reference import reference_directory

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def catalog_file() -> CatalogFile:
    return read_catalog(REPOSITORY / "catalog" / "models_config.yaml")


def test_every_committed_file_is_what_our_catalogue_gives(catalog_file):
    files = generated_files(catalog_file, openapi=openapi_document)
    problems = compare(layout_of(catalog_file.path), files)

    assert problems == (), render_problems(problems)


def test_the_reference_bundle_comes_back_as_it_was_compiled(catalog_file):
    assert catalog_file.catalog is not None
    assert read_bundle(reference_directory()) == compile_bundle(catalog_file.catalog)


def test_every_model_of_our_catalogue_is_on_a_route_with_a_worker(catalog_file):
    bundle = read_bundle(reference_directory())

    models = {model.id for model in catalog_file.catalog.models}
    assert {route.model for route in bundle.routing} == models
    assert {worker.pool for worker in bundle.workers} == models


def test_every_preferred_machine_of_the_reference_bundle_is_in_its_fleet():
    placement = read_bundle(reference_directory()).placement

    fleet = {machine.id for machine in placement.machines}
    assert {machine for row in placement.placements for machine in row.machines} <= fleet
