from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.gateway.serving import Gateway, serving


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose workers say "Hello world"."""
    with serving(tmp_path) as running:
        yield running
