"""Which pages of the documentation a change of the catalogue changes."""

import json
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from llmaas.cli.docs.site import docs_available

if TYPE_CHECKING:
    from llmaas.catalog import Catalog
    from llmaas.catalog.plan import PageChanges


def pages_changed(
    before: "Catalog", after: "Catalog", today: date
) -> "Iterator[PageChanges] | None":
    """By language; `None` where the packages that render pages are not installed."""
    if not docs_available():
        return None
    return _compared(before, after, today)


def _compared(before: "Catalog", after: "Catalog", today: date) -> "Iterator[PageChanges]":
    from llmaas.catalog.plan import PageChanges

    languages = dict.fromkeys((*after.service.languages, *before.service.languages))
    for language in languages:
        old, new = _pages(before, language, today), _pages(after, language, today)
        yield PageChanges(
            language,
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(path for path in new if path in old and new[path] != old[path])),
            removed=tuple(sorted(old.keys() - new.keys())),
        )


def _pages(catalog: "Catalog", language: str, today: date) -> dict[str, str]:
    """The pages, without the hash that every page carries; none in a language it has not."""
    from llmaas.gateway import openapi_document
    from llmaas.generators import compile_bundle
    from llmaas.generators.site import render_pages

    if language not in catalog.service.languages:
        return {}
    return render_pages(
        catalog,
        language=language,
        today=today,
        catalogue_sha256="",
        openapi=json.loads(openapi_document(compile_bundle(catalog))),
        stand_in=False,
    )
