"""Licences are named as everybody names them."""

import re
from collections.abc import Iterator

from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding
from llmaas.catalog.wording import closest

SPDX = (
    "AGPL-3.0-only",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "CC-BY-SA-4.0",
    "CC0-1.0",
    "GPL-3.0-only",
    "LGPL-3.0-only",
    "MIT",
    "MPL-2.0",
)
"""Identifiers of the SPDX list under which weights are published."""
_REFERENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")


def licences_are_known(catalog: Catalog) -> Iterator[Finding]:
    """An SPDX identifier, or one of our own that says so."""
    for index, model in enumerate(catalog.models):
        licence = model.licence.id
        if licence in SPDX or _REFERENCE.fullmatch(licence):
            continue
        near = closest(licence, SPDX)
        yield Finding(
            ("models", index, "licence", "id"),
            "unknown-licence",
            f"`{licence}` is not a known SPDX identifier",
            f"did you mean `{near}`?" if near else "write `LicenseRef-` and a name for others",
        )


def non_commercial_ids_say_so(catalog: Catalog) -> Iterator[Finding]:
    """An identifier with NC in it forbids what `commercial_use` must not allow."""
    for index, model in enumerate(catalog.models):
        licence = model.licence
        if "-NC-" in licence.id and licence.commercial_use != "no":
            yield Finding(
                ("models", index, "licence", "commercial_use"),
                "contradictory-licence",
                f"`{licence.id}` forbids commercial use, `commercial_use` says otherwise",
                'write `commercial_use: "no"`, or correct the identifier',
            )
