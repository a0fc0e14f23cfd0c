"""Errors a caller sees, in the one envelope of the OpenAI API.

    ApiError
    ├── InvalidRequest             400  invalid_request_error
    │   ├── ContextLengthExceeded  400  context_length_exceeded
    │   ├── UnsupportedEndpoint    400  unsupported_endpoint
    │   └── UnsupportedValue       400  unsupported_value
    ├── NotAuthenticated           401  invalid_api_key
    ├── ModelNotPermitted          403  model_not_permitted
    ├── EndpointNotPermitted       403  endpoint_not_permitted
    ├── PromptBlockedError         403  prompt_blocked (llmaas.gateway.screening)
    ├── UnknownUrl                 404  unknown_url
    ├── ModelNotFound              404  model_not_found
    │   └── ModelNotReleased       404  model_not_released
    ├── TenantNotFound             404  tenant_not_found
    ├── KeyNotFound                404  key_not_found
    ├── MethodNotAllowed           405  method_not_allowed
    ├── ModelRetired               410  model_retired
    ├── BodyTooLarge               413  request_too_large
    │   └── FileTooLarge           413  file_too_large
    ├── ImageTooLarge              413  request_too_large
    ├── UnsupportedMediaType       415  unsupported_media_type
    ├── RateLimitExceeded          429  rate_limit_exceeded
    │   └── InsufficientQuota      429  insufficient_quota
    ├── ServerError                500  internal_error
    ├── Unavailable                503  service_unavailable
    │   └── Overloaded             503  overloaded
    └── ModelNotDeployed           503  model_not_deployed

A message names the thing that is wrong and what to do; it never carries a traceback.
"""

# ruff: noqa: N818 - an error is named like what happened

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from llmaas.gateway.wire import ErrorEnvelope, ErrorObject

DEFAULT_RETRY_AFTER_S = 5.0
_NO_RETRY = {"x-should-retry": "false"}
"""The official clients repeat a 429 and a 503 by themselves, unless told that it is of no use."""


class ApiError(Exception):
    """Base of what is answered with a status code and an error object."""

    status: ClassVar[int]
    type: ClassVar[str] = "invalid_request_error"
    code: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        successor: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.headers = dict(headers or {})
        self.successor = successor

    @property
    def envelope(self) -> ErrorEnvelope:
        """The body of the answer."""
        error = ErrorObject(message=self.message, type=self.type, param=self.param, code=self.code)
        if self.successor is not None:
            error.successor = self.successor
        return ErrorEnvelope(error=error)


class InvalidRequest(ApiError):
    """A value of the request is wrong."""

    status = 400


class ContextLengthExceeded(InvalidRequest):
    """The prompt is longer than the context served."""

    code = "context_length_exceeded"

    def __init__(self, *, prompt_tokens: int, n_ctx: int, param: str) -> None:
        super().__init__(
            # Clients that shorten their history by themselves know the error by these words.
            f"This model's maximum context length is {n_ctx} tokens as it is served here, and the "
            f"prompt has {prompt_tokens} tokens. Nothing was cut off: shorten the input and send "
            "it again.",
            param=param,
        )


class UnsupportedEndpoint(InvalidRequest):
    """This model is not offered at this operation."""

    code = "unsupported_endpoint"


class UnsupportedValue(InvalidRequest):
    """A value the API knows and this service does not offer."""

    code = "unsupported_value"


class NotAuthenticated(ApiError):
    """No API key, or none that is valid."""

    status = 401
    type = "authentication_error"
    code = "invalid_api_key"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"www-authenticate": 'Bearer realm="llmaas"'})


class ModelNotPermitted(ApiError):
    """The scope of the API key leaves this model out."""

    status = 403
    type = "permission_error"
    code = "model_not_permitted"


class EndpointNotPermitted(ApiError):
    """The scope of the API key leaves this operation out."""

    status = 403
    type = "permission_error"
    code = "endpoint_not_permitted"


class UnknownUrl(ApiError):
    """No operation has this path."""

    status = 404
    code = "unknown_url"


class ModelNotFound(ApiError):
    """No model has this id or alias."""

    status = 404
    code = "model_not_found"


class ModelNotReleased(ModelNotFound):
    """The model is announced; its day has not come."""

    code = "model_not_released"

    def __init__(self, *, model: str, released_on: date) -> None:
        super().__init__(
            f"The model '{model}' is planned and can be called from {released_on.isoformat()}.",
            param="model",
        )


class TenantNotFound(ApiError):
    """No tenant has this id."""

    status = 404
    code = "tenant_not_found"


class KeyNotFound(ApiError):
    """No API key has this id."""

    status = 404
    code = "key_not_found"


class MethodNotAllowed(ApiError):
    """The path exists, with another method."""

    status = 405
    code = "method_not_allowed"


class ModelRetired(ApiError):
    """The model was removed; its successor is in the error object."""

    status = 410
    code = "model_retired"

    def __init__(self, *, model: str, removed_on: date, successor: str | None) -> None:
        advice = f" Use '{successor}' instead." if successor else ""
        super().__init__(
            f"The model '{model}' was retired on {removed_on.isoformat()}.{advice}",
            param="model",
            successor=successor,
        )


class BodyTooLarge(ApiError):
    """The body is longer than this server reads."""

    status = 413
    code = "request_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(
            f"The request body is larger than {limit_bytes} bytes, the most this service reads."
        )


class ImageTooLarge(ApiError):
    """The file of an image is longer than what is read."""

    status = 413
    code = "request_too_large"

    def __init__(self, limit_bytes: int, *, param: str) -> None:
        super().__init__(
            f"The image of '{param}' is larger than {limit_bytes} bytes, the most this service "
            "reads. Make it smaller, or save it as JPEG.",
            param=param,
        )


class FileTooLarge(BodyTooLarge):
    """The file in a form is longer than this server reads."""

    code = "file_too_large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(limit_bytes)
        self.message = (
            f"The file is larger than {limit_bytes // 2**20} MiB, the most this service reads. "
            "Send it in parts, or in a format that is smaller."
        )
        self.param = "file"


class UnsupportedMediaType(ApiError):
    """The body is declared as something that the operation does not read."""

    status = 415
    code = "unsupported_media_type"


class RateLimitExceeded(ApiError):
    """More than the tenant or the key may use now; `Retry-After` says when it may fit."""

    status = 429
    type = "rate_limit_error"
    code = "rate_limit_exceeded"

    def __init__(self, message: str, retry_after_s: int | None) -> None:
        told = None if retry_after_s is None else {"retry-after": str(retry_after_s)}
        super().__init__(message, headers=told or _NO_RETRY)


class InsufficientQuota(RateLimitExceeded):
    """The credit or the month's cap is used up."""

    type = "insufficient_quota"
    code = "insufficient_quota"


class ServerError(ApiError):
    """Our fault; the log has more under the request id."""

    status = 500
    type = "server_error"
    code = "internal_error"


class Unavailable(ApiError):
    """Not now; `Retry-After` says when to try again."""

    status = 503
    type = "service_unavailable_error"
    code = "service_unavailable"

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, lasting: bool = False
    ) -> None:
        seconds = max(1, round(retry_after_s or DEFAULT_RETRY_AFTER_S))
        told = {"retry-after": str(seconds)}
        super().__init__(message, headers=_NO_RETRY if lasting else told)


class Overloaded(Unavailable):
    """The queue of this model is full."""

    code = "overloaded"


class ModelNotDeployed(ApiError):
    """The model is in the catalogue, and this deployment has no weights for it."""

    status = 503
    type = "service_unavailable_error"
    code = "model_not_deployed"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"The model '{model}' is in the catalogue, and this deployment has no weights for it. "
            f"Its operator can fetch them with `llmaas pull {model}`.",
            param="model",
            headers=_NO_RETRY,
        )
