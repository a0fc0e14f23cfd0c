"""From a body to a request struct, or to an error that names the field."""

import re
from typing import TypeVar

import msgspec

from llmaas.gateway.errors import InvalidRequest, UnsupportedMediaType

T = TypeVar("T")

_AT = re.compile(r" - at `(?:key` in `|value` in `)?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")


def decode(body: bytes, content_type: str | None, into: type[T]) -> T:
    """Decode a JSON body once, checking every known field.

    Raises:
        UnsupportedMediaType: the body is declared to be something else than JSON.
        InvalidRequest: it is no JSON, or a field has a wrong value.
    """
    _check_media_type(content_type)
    try:
        return msgspec.json.decode(body, type=into)
    except msgspec.ValidationError as error:
        raise wrong_value(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error


def _check_media_type(content_type: str | None) -> None:
    """A body without a declared type is taken for JSON."""
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type in {"", "application/json"} or re.fullmatch(
        r"application/[\w.+-]+\+json", media_type
    ):
        return
    raise UnsupportedMediaType(
        f"The body is declared as '{media_type}'. Send JSON with 'Content-Type: application/json' "
        "(curl: -H 'Content-Type: application/json')."
    )


def wrong_value(text: str) -> InvalidRequest:
    """Turn "Expected `float` <= 2.0 - at `$.temperature`" into an error of that field."""
    at = _AT.search(text)
    param = at["path"].removeprefix("$").removeprefix(".") if at else ""
    what = text[: at.start()] if at else text
    missing = _MISSING.fullmatch(what)
    if missing:
        param = f"{param}.{missing['field']}" if param else missing["field"]
        return InvalidRequest(f"The field '{param}' is required.", param=param)
    param = param.replace("[...]", "")
    if not param:
        return InvalidRequest(f"The body must be a JSON object: {_lower(what)}.")
    return InvalidRequest(f"The value of '{param}' is wrong: {_lower(what)}.", param=param)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
