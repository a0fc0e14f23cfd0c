"""Who is calling: the bearer key of a request."""

from llmaas.accounts import ApiKey, Directory
from llmaas.gateway.errors import NotAuthenticated


def authenticate(authorization: str | None, directory: Directory) -> ApiKey:
    """The key in an `Authorization` header.

    Raises:
        NotAuthenticated: there is none, or it is malformed, unknown, expired or revoked.
    """
    if not authorization:
        raise NotAuthenticated(
            "No API key was given. Send it as 'Authorization: Bearer <key>'; "
            "`llmaas keys create` makes one."
        )
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated(
            "The Authorization header is not of the form 'Authorization: Bearer <key>'."
        )
    key = directory.authenticate(token.strip())
    if key is None:
        raise NotAuthenticated(
            "The API key is not valid: it is misspelt, unknown to this service, expired or revoked."
        )
    return key
