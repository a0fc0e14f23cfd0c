"""The OpenAPI document as tables: operations, parameters, fields of requests and answers.

Schemas are flattened to dotted names (`messages[].role`), as a reader looks a field up.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
FORM = "multipart/form-data"
DEPTH = 4
SHOWN_VALUES = 6
MACHINE_INTEGER = 2**31 - 1

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One field of a request or an answer, or one parameter."""

    name: str
    type: str
    required: bool
    values: tuple[str, ...]
    """What it may be, where that is a short list."""
    limits: str
    """Bounds as a reader of mathematics writes them."""
    default: str | None

    @property
    def keys(self) -> tuple[str, ...]:
        """What names its meaning, the closest first: `messages.role`, then `role`."""
        steps = self.name.replace("[]", "").split(".")
        return tuple(dict.fromkeys((".".join(steps[-2:]), steps[-1])))


@dataclass(frozen=True)
class Answer:
    """What an operation answers with one status."""

    status: str
    content_types: tuple[str, ...]
    fields: tuple[Field, ...]
    example: str | None
    """An answer in JSON."""

    @property
    def success(self) -> bool:
        """Whether this is the answer to a request that went well."""
        return self.status.startswith("2")


@dataclass(frozen=True)
class Operation:
    """A method on a path."""

    method: str
    path: str
    parameters: tuple[Field, ...]
    request_types: tuple[str, ...]
    request: tuple[Field, ...]
    answers: tuple[Answer, ...]
    examples: tuple[str, ...] = ()
    """Requests in JSON."""

    @property
    def key(self) -> str:
        """`POST /v1/embeddings`."""
        return f"{self.method} {self.path}"

    @property
    def slug(self) -> str:
        """Anchor of its section."""
        words = self.path.replace("{", "").replace("}", "").replace(".", "-").strip("/").split("/")
        return "-".join([self.method.lower(), *(word for word in words if word)])

    @property
    def form(self) -> bool:
        """Whether a request is a form with a file."""
        return FORM in self.request_types

    @property
    def administrative(self) -> bool:
        """Whether it is for operators, with the token of the state directory."""
        return self.path.startswith("/admin/")

    @property
    def for_browsers(self) -> bool:
        """Whether it answers pages to people, as the documentation does."""
        types = {kind for answer in self.answers for kind in answer.content_types}
        return types == {"text/html"}

    @property
    def success(self) -> tuple[Answer, ...]:
        """Answers to a request that went well."""
        return tuple(answer for answer in self.answers if answer.success)

    @property
    def errors(self) -> tuple[str, ...]:
        """Statuses of the other answers."""
        return tuple(answer.status for answer in self.answers if not answer.success)


def operations(document: Schema) -> tuple[Operation, ...]:
    """The operations that programs use, of an OpenAPI document: versioned ones first."""
    found = [
        _operation(document, method, path, item)
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    ]
    found.sort(key=lambda operation: not operation.path.startswith("/v"))
    return tuple(operation for operation in found if not operation.for_browsers)


def _operation(document: Schema, method: str, path: str, item: Schema) -> Operation:
    details = item[method]
    parameters = [
        _resolve(document, parameter)
        for parameter in [*item.get("parameters", []), *details.get("parameters", [])]
    ]
    body = _resolve(document, details.get("requestBody", {})).get("content", {})
    return Operation(
        method=method.upper(),
        path=path,
        parameters=tuple(
            _field(
                document, p["name"], p.get("schema", {}), required=bool(p.get("required", False))
            )
            for p in parameters
        ),
        request_types=tuple(body),
        request=_fields_of_content(document, body),
        answers=tuple(
            _answer(document, status, _resolve(document, answer))
            for status, answer in sorted(details.get("responses", {}).items())
        ),
        examples=tuple(_json(value) for value in _examples(body)),
    )


def calling(operation: Operation, model: str) -> Operation:
    """The operation with examples that call this model, where they are conversations.

    The examples of the description name any model; those that readers copy name one to begin with.
    """
    requests = [json.loads(text) for text in operation.examples]
    if not any("messages" in request for request in requests):
        return operation
    names = {f'"model": {json.dumps(request["model"])}' for request in requests}

    def renamed(text: str) -> str:
        for name in names:
            text = text.replace(name, f'"model": {json.dumps(model)}')
        return text

    return replace(
        operation,
        examples=tuple(renamed(text) for text in operation.examples),
        answers=tuple(
            answer if answer.example is None else replace(answer, example=renamed(answer.example))
            for answer in operation.answers
        ),
    )


def _examples(content: Schema) -> Iterator[Any]:
    for media in content.values():
        if "example" in media:
            yield media["example"]
        yield from (example["value"] for example in media.get("examples", {}).values())


def _json(value: Any) -> str:
    if isinstance(value, dict) and "model" in value:
        value = {"model": value["model"], **value}  # as everybody writes a request
    return json.dumps(value, indent=2, ensure_ascii=False)


def _answer(document: Schema, status: str, answer: Schema) -> Answer:
    content = answer.get("content", {})
    return Answer(
        status=status,
        content_types=tuple(content),
        fields=_fields_of_content(document, content),
        example=next((_json(value) for value in _examples(content)), None),
    )


def _fields_of_content(document: Schema, content: Schema) -> tuple[Field, ...]:
    for media in content.values():
        fields = tuple(_walk(document, media.get("schema", {}), prefix="", depth=DEPTH))
        if fields:
            return fields
    return ()


def _walk(document: Schema, schema: Schema, *, prefix: str, depth: int) -> Iterator[Field]:
    """The fields of an object or of the items of a list, depth first, required ones first.

    Alternatives (the messages of each role, the parts of each type) are merged: a field that
    several have is shown once with the values of all, and is required where all require it.
    """
    shapes = list(_objects(document, schema, prefix))
    names = dict.fromkeys(
        (path, name) for shape, path in shapes for name in shape.get("properties", {})
    )
    rows = []
    for path, name in names:
        owners = [
            shape for shape, at in shapes if at == path and name in shape.get("properties", {})
        ]
        children = [shape["properties"][name] for shape in owners]
        child = children[0] if len(children) == 1 else {"oneOf": children}
        required = len(owners) == sum(at == path for _, at in shapes) and all(
            name in shape.get("required", []) for shape in owners
        )
        rows.append((_field(document, f"{path}{name}", child, required=required), child))
    for field, child in sorted(rows, key=lambda row: not row[0].required):
        yield field
        if depth > 1:
            yield from _walk(document, child, prefix=f"{field.name}.", depth=depth - 1)


def _objects(document: Schema, schema: Schema, prefix: str) -> Iterator[tuple[Schema, str]]:
    for shape in _alternatives(document, schema):
        if "properties" in shape:
            yield shape, prefix
        elif "items" in shape:
            yield from _objects(document, shape["items"], f"{prefix.removesuffix('.')}[].")


def _alternatives(document: Schema, schema: Schema) -> Iterator[Schema]:
    resolved = _resolve(document, schema)
    nested = [*resolved.get("oneOf", []), *resolved.get("anyOf", []), *resolved.get("allOf", [])]
    if not nested:
        yield resolved
    for alternative in nested:
        yield from _alternatives(document, alternative)


def _resolve(document: Schema, value: Schema) -> Schema:
    while "$ref" in value:
        target: Any = document
        for step in str(value["$ref"]).removeprefix("#/").split("/"):
            target = target[step]
        value = target
    return value


def _field(document: Schema, name: str, schema: Schema, *, required: bool) -> Field:
    shapes = tuple(_alternatives(document, schema))
    outer = _resolve(document, schema)
    values = tuple(dict.fromkeys(str(value) for shape in shapes for value in _values(shape)))
    default = outer.get("default")
    return Field(
        name=name,
        type=" | ".join(dict.fromkeys(_type(document, shape) for shape in shapes)),
        required=required,
        values=values if len(values) <= SHOWN_VALUES else (),
        limits=", ".join(dict.fromkeys(filter(None, map(_limits, shapes)))),
        default=None if default in (None, {}) else _literal(default),
    )


def _values(shape: Schema) -> Sequence[Any]:
    if "const" in shape:
        return [shape["const"]]
    return [value for value in shape.get("enum", []) if value is not None]


def _type(document: Schema, shape: Schema) -> str:
    declared = shape.get("type")
    if "contentMediaType" in shape:
        return "file"
    if isinstance(declared, list):
        return " | ".join(_type(document, {**shape, "type": one}) for one in declared)
    if declared == "array" or "items" in shape:
        items = (
            " | ".join(
                dict.fromkeys(
                    _type(document, item) for item in _alternatives(document, shape["items"])
                )
            )
            if "items" in shape
            else "any"
        )
        return f"({items})[]" if " | " in items else f"{items}[]"
    if declared is not None:
        return str(declared)
    if "const" in shape or "enum" in shape:
        return "string"
    return "object" if "properties" in shape else "any"


def _limits(shape: Schema) -> str:
    low = _bound(shape, "minimum", "≥", "exclusiveMinimum", ">")
    high = _bound(shape, "maximum", "≤", "exclusiveMaximum", "<")
    return ", ".join(filter(None, (low, high)))


def _bound(shape: Schema, closed: str, closed_sign: str, open_: str, open_sign: str) -> str:
    for key, sign in ((closed, closed_sign), (open_, open_sign)):
        # The bounds of machine integers are true and tell a reader nothing.
        if key in shape and abs(shape[key]) < MACHINE_INTEGER:
            return f"{sign} {_literal(shape[key])}"
    return ""


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) or '""'
