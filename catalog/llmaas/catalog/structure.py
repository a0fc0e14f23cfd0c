"""The first phase: does the file have the shape of a catalogue? All mistakes in one run."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from llmaas.catalog.diagnostics import Problem
from llmaas.catalog.document import Document, Loc
from llmaas.catalog.model import Catalog, Record
from llmaas.catalog.wording import Broken, choices, closest, explain, named, why_not_written


def read_structure(document: Document, path: str) -> tuple[Catalog | None, tuple[Problem, ...]]:
    """The catalogue a document holds, or the reasons why it holds none."""
    try:
        return Catalog.model_validate(document.value), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
    return None, tuple(_problems(_innermost(details), document, path))


def _innermost(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Without the errors that pydantic repeats on what contains the mistake."""
    around = {detail["loc"][:end] for detail in details for end in range(len(detail["loc"]))}
    return [detail for detail in details if detail["loc"] not in around]


def _problems(details: list[ErrorDetails], document: Document, path: str) -> Iterator[Problem]:
    meant = set()
    for detail in details:
        loc = detail["loc"]
        if detail["type"] == "extra_forbidden":
            suggestion = _suggestion(loc)
            if suggestion is not None:
                meant.add((*loc[:-1], suggestion))
            broken = _unknown_key(loc, suggestion, document)
            yield _at(document, path, loc, broken, on_key=True)
    for detail in details:
        loc = detail["loc"]
        if detail["type"] == "missing" and loc not in meant:  # a misspelt key is one mistake
            yield _at(document, path, loc[:-1], _missing_key(loc, document))
        elif detail["type"] == "literal_error":
            broken = choices(loc, detail["input"], get_args(_annotation(loc)))
            yield _at(document, path, loc, broken)
        elif detail["type"] not in {"missing", "extra_forbidden"}:
            broken = explain(detail["type"], loc, detail["input"], detail.get("ctx", {}))
            yield _at(document, path, loc, broken)


def _at(
    document: Document, path: str, loc: Loc, broken: Broken, *, on_key: bool = False
) -> Problem:
    position = document.key_position(loc) if on_key else document.position(loc)
    return Problem(path, position.line, position.column, broken.code, broken.message, broken.help)


def _suggestion(loc: Loc) -> str | None:
    key = str(loc[-1])
    near = closest(key, _keys_at(loc[:-1]))
    return None if near is None or why_not_written(key) else near


def _unknown_key(loc: Loc, suggestion: str | None, document: Document) -> Broken:
    key = str(loc[-1])
    message = f"{_owner(loc, document)} has no key `{key}`"
    if reason := why_not_written(key):
        return Broken("unknown-key", message, reason)
    if suggestion is not None:
        return Broken("unknown-key", message, f"did you mean `{suggestion}`?")
    return Broken("unknown-key", message, f"keys known here: {', '.join(_keys_at(loc[:-1]))}")


def _missing_key(loc: Loc, document: Document) -> Broken:
    key = str(loc[-1])
    record = _record_at(loc[:-1])
    about = record.model_fields[key].description or "" if record else ""
    allowed = _annotation(loc)
    if get_origin(allowed) is Literal:
        about = f"one of {', '.join(str(one) for one in get_args(allowed))}"
    return Broken(
        "missing-key",
        f"{_owner(loc, document)} lacks the key `{key}`",
        f"add `{key}:`{about and f' - {about}'}",
    )


def _owner(loc: Loc, document: Document) -> str:
    """What has a key; of a list item its id as well, which is easier to find than its number."""
    value: Any = document.value
    for step in loc[:-1]:
        value = value[step]
    identity = value.get("id") if isinstance(value, dict) and len(loc) > 1 else None
    about = f" ({identity})" if isinstance(identity, str) and identity else ""
    return f"{named(loc[:-1])}{about}"


def _keys_at(loc: Loc) -> tuple[str, ...]:
    record = _record_at(loc)
    return tuple(record.model_fields) if record else ()


def _record_at(loc: Loc) -> type[Record] | None:
    annotation = _annotation(loc)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return annotation
    return None


def _annotation(loc: Loc) -> Any:
    """The type that the model gives to the value at `loc`, without options and constraints."""
    annotation: Any = Catalog
    for step in loc:
        if isinstance(step, int):
            annotation = get_args(annotation)[0]
        else:
            annotation = annotation.model_fields[step].annotation
        annotation = _bare(annotation)
    return annotation


def _bare(annotation: Any) -> Any:
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in {Union, UnionType}:
            annotation = next(one for one in get_args(annotation) if one is not type(None))
        else:
            return annotation
