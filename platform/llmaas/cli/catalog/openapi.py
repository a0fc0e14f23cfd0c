"""`llmaas openapi`: the description of the API that a catalogue gives."""

from llmaas.cli.options import CatalogOption
from llmaas.cli.sources import load_source

EXAMPLES = """
llmaas openapi > openapi.json     the document that GET /openapi.json serves
llmaas openapi | jq .paths        what can be called
"""


def openapi(*, catalog: CatalogOption = None) -> None:
    """Print the OpenAPI document of the API, with the models of the catalogue enumerated."""
    from llmaas.gateway import openapi_document

    print(openapi_document(load_source(catalog).bundle).rstrip())
