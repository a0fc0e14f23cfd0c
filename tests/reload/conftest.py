from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.reload.service import Live, live
from tests.reload.versions import write_weights
from tests.workers.conftest import TinyWeights


@pytest.fixture(scope="session")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tiny = TinyWeights(tmp_path_factory.mktemp("tiny"))
    directory = tmp_path_factory.mktemp("weights")
    write_weights(tiny, directory)
    return directory


@pytest.fixture
def service(tmp_path: Path, weights_dir: Path) -> Iterator[Live]:
    """Version 0, served."""
    with live(tmp_path, weights_dir) as running:
        yield running
