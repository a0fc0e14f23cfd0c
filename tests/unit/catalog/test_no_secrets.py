"""Secrets have no place in what is written down: not in the catalogue, not in a bundle."""

import json
import re
from collections.abc import Iterator
from typing import Any

from llmaas.bundle import bundle_files, read_bundle
from llmaas.catalog import json_schema
from llmaas.reference import reference_directory

SECRET = re.compile(r"secret|password|passphrase|private_?key|api_?key|admin_?token|credential")


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def test_the_catalogue_has_no_key_for_a_secret() -> None:
    schema = json.loads(json_schema())
    keys = {
        key for each in (schema, *schema["$defs"].values()) for key in each.get("properties", {})
    }
    assert len(keys) > 100
    assert [key for key in keys if SECRET.search(key)] == []


def test_a_bundle_has_no_field_for_a_secret() -> None:
    files = bundle_files(read_bundle(reference_directory()), catalogue_sha256="0" * 64)
    assert len(files) > 5
    for name, text in files.items():
        assert [each for each in names_in(json.loads(text)) if SECRET.search(each)] == [], name
