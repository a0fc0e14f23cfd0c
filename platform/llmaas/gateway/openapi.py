"""The OpenAPI 3.1 document of what a gateway with this bundle serves.

Paths come from the list of operations that is served, schemas from the structs that decode
requests and encode answers, model ids from the routing table. The day does not change it: every
model of the bundle is named, and its dates decide when it answers.
"""

from importlib.metadata import version
from typing import Any, get_args

import msgspec

from llmaas.bundle import Bundle, to_json
from llmaas.gateway import wire
from llmaas.gateway.examples import answer_example, error_examples, request_example
from llmaas.gateway.operations import OPERATIONS, Operation
from llmaas.gateway.screening import (
    BLOCKED_MESSAGE,
    FLAG_HEADER,
    BlockedEnvelope,
    PromptBlockedError,
)

_REF = "#/components/schemas/{name}"
_MODEL_SCHEMAS = {
    "chat.completions": ("ChatModel", "ChatRequest"),
    "completions": ("CompletionModel", "CompletionRequest"),
    "embeddings": ("EmbeddingModel", "EmbeddingRequest"),
    "audio.transcriptions": ("TranscriptionModel", "TranscriptionRequest"),
}
_STATUS = {
    400: "A value of the request is wrong, or the prompt is longer than the context served.",
    401: "No API key, or one that is not valid.",
    403: "The API key may not call this model, or not at this operation.",
    404: "No model has this id or alias, or its day has not come.",
    410: "The model was retired; `error.successor` is the model to use instead.",
    413: "The body is longer than this service reads.",
    415: "The body is not declared as what the operation reads.",
    429: "More than the account or the API key may use now; `retry-after` says when it may fit. "
    "`insufficient_quota`: the credit or the month's cap is used up.",
    500: "A fault of the service; `x-request-id` names the request.",
    503: "The model cannot answer now.",
}
_FILE = {
    "type": "string",
    "contentMediaType": "application/octet-stream",
    "description": "The recording.",
}
_BLOCKED = "`prompt_blocked`: the prompt was refused for security reasons; nothing is billed."
_TAGS = {
    "models": "What can be called.",
    "generation": "Text from models.",
    "embeddings": "Vectors from models.",
    "audio": "Text from recordings.",
    "service": "For those who run and integrate the service.",
    "documentation": "Pages for people.",
    "administration": "For operators, with the service's admin token.",
}
_RESPONSE_HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "x-request-id": ("Names this request; quote it to support.", {"type": "string"}),
    "x-llmaas-catalogue": (
        "The version of the catalogue that answered: the first digits of its hash.",
        {"type": "string"},
    ),
    "deprecation": (
        "RFC 9745: since when the model is deprecated, as `@<Unix time>`.",
        {"type": "string"},
    ),
    "sunset": ("RFC 8594: when the model will be removed, as an HTTP date.", {"type": "string"}),
    "link": (
        "The successor (`successor-version`) and the model's page (`deprecation`).",
        {"type": "string"},
    ),
    "x-llmaas-stand-in": (
        "`true` when stand-in weights answered.",
        {"type": "string", "const": "true"},
    ),
    FLAG_HEADER: (
        "`flagged` when the prompt was suspicious, and answered all the same.",
        {"type": "string", "const": "flagged"},
    ),
    "x-ratelimit-limit-requests": ("Requests per minute, where limited.", {"type": "integer"}),
    "x-ratelimit-remaining-requests": ("Requests left now.", {"type": "integer"}),
    "x-ratelimit-reset-requests": ("Unix time at which all are left.", {"type": "integer"}),
    "x-ratelimit-limit-tokens": (
        "Output tokens of the tightest window, where limited.",
        {"type": "integer"},
    ),
    "x-ratelimit-remaining-tokens": (
        "Output tokens left in it now, running requests counted at their most.",
        {"type": "integer"},
    ),
    "x-ratelimit-reset-tokens": ("Unix time at which all are left.", {"type": "integer"}),
    "x-should-retry": (
        "`false` when trying again cannot help.",
        {"type": "string", "const": "false"},
    ),
    "retry-after": ("Seconds after which to try again.", {"type": "integer"}),
    "www-authenticate": ("How to authenticate.", {"type": "string"}),
}
_ON_EVERY_ANSWER = ("x-request-id", "x-llmaas-catalogue")
_LIMITS = tuple(
    f"x-ratelimit-{what}-{of}"
    for of in ("requests", "tokens")
    for what in ("limit", "remaining", "reset")
)
_ON_MODEL_ANSWERS = ("deprecation", "sunset", "link", "x-llmaas-stand-in")


def openapi_document(bundle: Bundle) -> str:
    """The document as sorted JSON: the same text for the same bundle."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(operation.path, {})
        path[operation.method.lower()] = _operation(operation, bundle)
    return to_json(
        {
            "openapi": "3.1.0",
            "info": {
                "title": bundle.service.name,
                "version": version("llmaas"),
                "description": f"OpenAI-compatible API, operated by {bundle.service.operator}.",
            },
            "servers": [
                {"url": bundle.service.base_url.removesuffix("/").removesuffix("/v1") or "/"}
            ],
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
            "security": [{"bearer": []}],
            "paths": paths,
            "components": {
                "schemas": _schemas(bundle),
                "headers": {
                    name: {"description": text, "schema": schema}
                    for name, (text, schema) in _RESPONSE_HEADERS.items()
                },
                "securitySchemes": {
                    "bearer": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key, `llmaas_<id>_<secret>`.",
                    },
                    "admin": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "The admin token, kept in the state directory.",
                    },
                },
            },
        }
    )


def _operation(operation: Operation, bundle: Bundle) -> dict[str, Any]:
    model = _first_model(bundle, operation.endpoint)
    described: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "responses": _responses(operation, model),
    }
    if operation.public:
        described["security"] = []
    if operation.admin:
        described["security"] = [{"admin": []}]
    if operation.requests:
        described["requestBody"] = _request_body(operation, model)
    parameters = [part.strip("{}") for part in operation.path.split("/") if part.startswith("{")]
    if parameters:
        described["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"$ref": _REF.format(name="AnyModel")}
                if name == "model"
                else {"type": "string"},
            }
            for name in parameters
        ]
    return described


def _request_body(operation: Operation, model: str) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": _one_of(operation.requests)}
    examples = {
        request.__name__: {"value": example}
        for request in operation.requests
        if (example := request_example(request, model)) is not None
    }
    if operation.form:
        return {
            "required": True,
            "content": {"multipart/form-data": content | {"examples": examples}},
        }
    return {
        "required": True,
        "content": {"application/json": content | {"examples": examples}},
    }


def _responses(operation: Operation, model: str) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": operation.summary,
        "headers": _headers(
            *_ON_EVERY_ANSWER,
            *(_ON_MODEL_ANSWERS if _of_a_model(operation) else ()),
            *((*_LIMITS, FLAG_HEADER) if operation.endpoint is not None else ()),
        ),
        "content": _success_content(operation, model),
    }
    responses = {"200": success}
    if operation.id == "getIndex":
        responses["302"] = {
            "description": "The documentation.",
            "headers": _headers(*_ON_EVERY_ANSWER),
        }
    if operation.id == "getReadiness":
        responses["503"] = success | {"description": "Pinned models are still loading."}
    for status in operation.errors:
        responses[str(status)] = (
            _page(status) if operation.tag == "documentation" else _error(status, model)
        )
    if operation.endpoint is not None:
        responses["403"] = _refusal(responses["403"])
    return responses


def _success_content(operation: Operation, model: str) -> dict[str, Any]:
    if isinstance(operation.answers, str):
        return {operation.answers: {}}
    answers = get_args(operation.answers) or (operation.answers,)
    content: dict[str, Any] = {"application/json": {"schema": _one_of(answers)}}
    example = answer_example(operation.answers, model)
    if example is not None:
        content["application/json"]["example"] = example
    if operation.streams is not None:
        chunks = get_args(operation.streams) or (operation.streams,)
        content["text/event-stream"] = {"schema": _one_of(chunks)}
    return content | {media_type: {"schema": {"type": "string"}} for media_type in operation.texts}


def _error(status: int, model: str) -> dict[str, Any]:
    example = error_examples(model)[status]
    further: tuple[str, ...] = {
        401: ("www-authenticate",),
        429: ("retry-after", "x-should-retry", *_LIMITS),
        503: ("retry-after",),
    }.get(status, ())
    return {
        "description": _STATUS[status],
        "headers": _headers(*_ON_EVERY_ANSWER, *further),
        "content": {
            "application/json": {
                "schema": _one_of((wire.ErrorEnvelope,)),
                "example": msgspec.to_builtins(example.envelope),
            }
        },
    }


def _refusal(described: dict[str, Any]) -> dict[str, Any]:
    """The 403 of an operation whose prompts are screened: `detail` is there for older clients."""
    error = PromptBlockedError(BLOCKED_MESSAGE, param="messages[0]")
    content = {
        "schema": _one_of((BlockedEnvelope,)),
        "examples": {
            "not_permitted": {"value": described["content"]["application/json"]["example"]},
            PromptBlockedError.code: {"value": msgspec.to_builtins(error.envelope)},
        },
    }
    return described | {
        "description": f"{described['description']} {_BLOCKED}",
        "content": {"application/json": content},
    }


def _page(status: int) -> dict[str, Any]:
    return {
        "description": "No such page." if status == 404 else _STATUS[status],
        "headers": _headers(*_ON_EVERY_ANSWER),
        "content": {"text/html": {}},
    }


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _of_a_model(operation: Operation) -> bool:
    return operation.endpoint is not None or operation.id == "getModel"


def _one_of(types: tuple[type[Any], ...]) -> dict[str, Any]:
    refs = [{"$ref": _REF.format(name=each.__name__)} for each in types]
    return refs[0] if len(refs) == 1 else {"oneOf": refs}


def _schemas(bundle: Bundle) -> dict[str, Any]:
    named: set[Any] = {wire.ErrorEnvelope, BlockedEnvelope}
    for operation in OPERATIONS:
        for each in (*operation.requests, operation.answers, operation.streams):
            if each is not None and not isinstance(each, str):
                named.update(get_args(each) or (each,))
    types = sorted(named, key=lambda each: str(each.__name__))
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for endpoint, (schema, request) in _MODEL_SCHEMAS.items():
        schemas[schema] = _names(bundle, endpoint)
        schemas[request]["properties"]["model"] = {"$ref": _REF.format(name=schema)}
    for form in (each for operation in OPERATIONS if operation.form for each in operation.requests):
        schema = schemas[form.__name__]
        schema["properties"]["file"] = _FILE
        schema["required"] = [*schema["required"], "file"]
    schemas["AnyModel"] = _names(bundle, None)
    return schemas


def _names(bundle: Bundle, endpoint: str | None) -> dict[str, Any]:
    names = [
        name
        for route in bundle.routing
        if endpoint is None or endpoint in route.endpoints
        for name in (route.model, *route.aliases)
    ]
    schema: dict[str, Any] = {"type": "string", "description": "Id or alias of a model."}
    return schema | ({"enum": sorted(names)} if names else {})


def _first_model(bundle: Bundle, endpoint: str | None) -> str:
    """A model for the examples: the first that is stable and has no successor yet."""
    lasting = {entry.model for entry in bundle.lifecycle if entry.deprecated_on is None}
    offering = [
        route.model for route in bundle.routing if endpoint is None or endpoint in route.endpoints
    ]
    return next((model for model in offering if model in lasting), "a-model")
