"""The HTTP gateway: an OpenAI-compatible API that obeys a bundle."""

from llmaas.gateway.app import create_app
from llmaas.gateway.openapi import openapi_document
from llmaas.gateway.server import (
    GatewayServer,
    ListenError,
    listen,
    local_url,
    spare_collector,
)
from llmaas.gateway.version import CATALOGUE, Refusal, Version

__all__ = [
    "CATALOGUE",
    "GatewayServer",
    "ListenError",
    "Refusal",
    "Version",
    "create_app",
    "listen",
    "local_url",
    "openapi_document",
    "spare_collector",
]
