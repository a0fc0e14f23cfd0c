"""Addresses that lead elsewhere: pages that were renamed, and models by their aliases."""

from collections.abc import Mapping
from html import escape

from llmaas.bundle import model_slug
from llmaas.catalog.model import Catalog

RENAMED: Mapping[str, str] = {
    "catalogue/": "models/",
    "deprecations/": "lifecycle/",
    "pricing/": "prices/",
}
"""Old or expected address, and where the page is. What was public once stays here for good."""

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url={target}">
<link rel="canonical" href="{target}">
<link rel="icon" href="{icon}">
<title>{title}</title>
</head>
<body data-redirect>
<p><a href="{target}">{title}</a></p>
</body>
</html>
"""


def redirects_of(catalog: Catalog) -> dict[str, str]:
    """Every address that leads elsewhere, both below the site."""
    by_alias = {
        f"models/{model_slug(alias)}/": f"models/{model_slug(model.id)}/"
        for model in catalog.models
        for alias in model.aliases
    }
    return {**RENAMED, **by_alias}


def redirect_page(address: str, target: str, *, language: str, title: str) -> str:
    """A page that sends its reader on; it needs no server to do so."""
    up = "../" * address.count("/")
    return PAGE.format(
        language=language,
        target=escape(f"{up}{target}"),
        title=escape(title),
        # Without one, browsers ask the root of the host.
        icon=f"{up}assets/favicon.svg",
    )
