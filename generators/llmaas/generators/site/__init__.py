"""The documentation site: pages from the catalogue, then MkDocs once per language."""

from typing import TYPE_CHECKING, Any

from llmaas.generators.site.build import build_site
from llmaas.generators.site.errors import DocsError, DocsUnavailable, UntranslatedError

if TYPE_CHECKING:
    from llmaas.generators.site.pages import render_pages

__all__ = ["DocsError", "DocsUnavailable", "UntranslatedError", "build_site", "render_pages"]


def __getattr__(name: str) -> Any:
    """Import rendering when it is asked for: its packages are an extra, this package is not."""
    if name == "render_pages":
        from llmaas.generators.site.pages import render_pages  # noqa: PLC0415

        return render_pages
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
