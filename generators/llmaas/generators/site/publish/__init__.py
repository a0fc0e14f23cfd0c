"""From what MkDocs built to what is published: twins, indexes, redirects, shared assets."""

from llmaas.generators.site.publish.finish import finish_site

__all__ = ["finish_site"]
