"""The catalogue in an editor: the YAML language server with the schema that is generated.

It is a program of Node.js; `nox -s editor` installs it beside the environment and runs these tests.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.editor.language_server import REPOSITORY, LanguageServer, find_server

SERVER = find_server()
pytestmark = pytest.mark.skipif(
    SERVER is None, reason="the YAML language server is not installed: nox -s editor"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("project")
    for name in ("models_config.yaml", "models_config.schema.json"):
        shutil.copy(REPOSITORY / "catalog" / name, place)
    return place


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[LanguageServer]:
    assert SERVER is not None
    running = LanguageServer(SERVER, folder)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> str:
    return (folder / "models_config.yaml").read_text(encoding="utf-8")


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines()) if line.startswith(start))


def test_our_catalogue_has_no_red_underline(
    server: LanguageServer, folder: Path, catalogue: str
) -> None:
    assert server.open(folder / "models_config.yaml", catalogue) == []


def test_a_starter_catalogue_has_no_red_underline(server: LanguageServer, folder: Path) -> None:
    starter = REPOSITORY / "catalog" / "llmaas" / "catalog" / "starter.yaml"
    assert server.open(folder / "starter.yaml", starter.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("this", "by"),
    [
        ("    stability: stable", "    stability: stabel"),
        ("    context_tokens: 32000", "    context_tokens: many"),
        ("    display_name: DeepCoder 14B", "    displayname: DeepCoder 14B"),
        ("    released_on: 2025-06-13", "    released_on: [2025]"),
    ],
)
def test_a_mistake_is_underlined_where_it_is(
    server: LanguageServer, folder: Path, catalogue: str, this: str, by: str
) -> None:
    broken = catalogue.replace(this, by, 1)
    found = server.open(folder / f"{this.split(maxsplit=1)[0].strip(':')}.yaml", broken)
    start = line_of(catalogue, this)
    model = line_of(catalogue, "  - id: deepcoder:14b")
    assert start in {each["range"]["start"]["line"] for each in found}, found
    assert {each["range"]["start"]["line"] for each in found} <= {start, model}


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("    support_ends_on:", "Removal is another date"),
        ("    context_tokens:", "Published context window"),
        ("      n_ctx:", "Context served to one sequence"),
        ("prices:", "The price list"),
    ],
)
def test_a_key_is_explained_where_the_pointer_is(
    server: LanguageServer, folder: Path, catalogue: str, start: str, told: str
) -> None:
    path = folder / "hovered.yaml"
    server.open(path, catalogue)
    column = len(start) - len(start.lstrip()) + 1
    assert told in server.hover(path, line_of(catalogue, start), column)


def test_the_keys_that_are_missing_are_offered(
    server: LanguageServer, folder: Path, catalogue: str
) -> None:
    path = folder / "completed.yaml"
    text = catalogue.replace("    successor: devstral:24b\n", "    \n", 1)
    line = line_of(catalogue, "    successor: devstral:24b")
    server.open(path, text)
    offered = server.completions(path, line, 4)
    assert {"successor", "deprecated_on", "removed_on"} <= set(offered)
    assert "Id of the model to move to" in offered["successor"]


def test_the_values_of_a_key_are_offered(
    server: LanguageServer, folder: Path, catalogue: str
) -> None:
    path = folder / "valued.yaml"
    text = catalogue.replace("    stability: stable", "    stability: ", 1)
    server.open(path, text)
    offered = server.completions(path, line_of(text, "    stability:"), len("    stability: "))
    assert {"stable", "experimental"} <= set(offered)
