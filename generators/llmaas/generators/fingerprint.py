"""The hash of what a catalogue says."""

from decimal import Decimal
from hashlib import sha256
from typing import Any

from llmaas.bundle import to_json
from llmaas.catalog.model import Catalog
from llmaas.generators.compile.canonical import canonical_decimal


def catalogue_sha256(catalog: Catalog) -> str:
    """Hash of the meaning, not of the bytes.

    Comments, quoting, key order, `0.90` for `0.9` and a default written out change nothing, so an
    edit of the prose around the facts leaves every generated file as it is. The order of lists
    counts: it is the order in which readers see them.
    """
    return sha256(to_json(_canonical(catalog.model_dump())).encode()).hexdigest()


def _canonical(value: Any) -> Any:
    match value:
        case Decimal():
            return canonical_decimal(value)
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
        case _:
            return value
