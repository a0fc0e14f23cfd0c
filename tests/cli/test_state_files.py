"""Every file that a running service writes is in a class of the data inventory."""

import shutil

import pytest
from tests.cli.conftest import REPOSITORY

from llmaas.bundle.inventory import DATABASE_FILES, class_of_file
from llmaas.cli.exits import Exit

CHAT = "granite3.3:8b"


@pytest.fixture
def used(start, llmaas, tmp_path):
    """The state directory of a service that was used, changed, killed and started again."""
    shutil.copy(REPOSITORY / "catalog" / "models_config.yaml", tmp_path)
    state = tmp_path / "state"
    options = ("up", "--json", "--port", "0", "--no-docs", "--models", CHAT, "--state-dir", state)
    service = start(*options)
    messages = [{"role": "user", "content": "How do I stream?"}]
    for stream in (False, True):
        answer = service.client.chat.completions.create(
            model=CHAT, messages=messages, stream=stream, max_tokens=20
        )
        assert list(answer)
    assert llmaas("keys", "create", "--name", "k").code == Exit.OK
    catalogue = tmp_path / "models_config.yaml"
    catalogue.write_text(catalogue.read_text().replace("owned_by: ", "owned_by: New"))
    assert llmaas("apply").code == Exit.OK
    open_stream = service.client.chat.completions.create(
        model=CHAT, messages=messages, stream=True, max_tokens=200
    )
    next(open_stream)
    service.process.kill()
    service.process.wait(20)
    open_stream.close()
    assert llmaas("db", "rotate-secret").code == Exit.OK
    start(*options)
    return state


def test_every_file_of_the_state_directory_is_in_one_class(used):
    found = [str(path.relative_to(used)) for path in used.rglob("*") if not path.is_dir()]
    assert {"accounts.db", "secret", "admin-token", "control", "lock"} <= set(found)
    unknown = [
        path for path in found if path not in DATABASE_FILES and len(class_of_file(path)) != 1
    ]
    assert unknown == []


def test_secrets_and_journals_are_their_owners_alone(used):
    assert used.stat().st_mode & 0o077 == 0
    for path in used.rglob("*"):
        kind = next(iter(class_of_file(str(path.relative_to(used)))), None)
        if kind is not None and kind.encrypted == "owner_only" and path.is_file():
            own_directory = path.parent != used and path.parent.stat().st_mode & 0o077 == 0
            assert path.stat().st_mode & 0o077 == 0 or own_directory, path
