"""Requests to try: the operations of the API with an example each."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from llmaas.generators.site.reference import Operation


@dataclass(frozen=True)
class TryOperation:
    """An operation that can be called from a page."""

    key: str
    slug: str
    """Anchor of its section in the reference."""
    method: str
    path: str
    body: str
    """Example of a request in JSON; empty where there is none."""
    parameters: tuple[str, ...]
    """Names in the path that the reader fills in."""

    @property
    def data(self) -> dict[str, Any]:
        """For the script."""
        return asdict(self)


def try_operations(operations: Sequence[Operation]) -> tuple[TryOperation, ...]:
    """The operations that a key opens, with bodies that are text."""
    return tuple(
        TryOperation(
            key=operation.key,
            slug=operation.slug,
            method=operation.method,
            path=operation.path,
            body=operation.examples[0] if operation.examples else "",
            parameters=tuple(
                field.name
                for field in operation.parameters
                if f"{{{field.name}}}" in operation.path
            ),
        )
        for operation in operations
        if operation.path.startswith("/v1/") and not operation.form
    )
