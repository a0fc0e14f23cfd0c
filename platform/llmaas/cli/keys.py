"""`llmaas keys`: who may call the service."""

from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import JsonOption, StateDirOption, parse_ids
from llmaas.cli.state import StateDir, open_state, state_dir, writing

if TYPE_CHECKING:
    from llmaas.accounts import ApiKey, KeyStore

CREATE_EXAMPLES = """
llmaas keys create --name "search team"
llmaas keys create --name ci --models granite3.3:2b,granite3.3:8b
"""
LIST_EXAMPLES = """
llmaas keys list
llmaas keys list --json
"""
REVOKE_EXAMPLES = """
llmaas keys revoke k3vq7xw2m5ab4cde     the id is in `llmaas keys list`
"""

app = typer.Typer(
    help="Create, list and revoke API keys. A running service notices at once.",
    no_args_is_help=True,
    epilog=epilog(CREATE_EXAMPLES + LIST_EXAMPLES.lstrip() + REVOKE_EXAMPLES.lstrip()),
)


@app.command(epilog=epilog(CREATE_EXAMPLES))
def create(
    *,
    name: Annotated[
        str,
        typer.Option(envvar="LLMAAS_KEY_NAME", help="What the key is for; shown in lists."),
    ],
    models: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_KEY_MODELS",
            metavar="ID,ID",
            show_default="every model",
            help="Only these models may be called with it.",
        ),
    ] = None,
    state_directory: StateDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key and print it. It is stored hashed and cannot be shown again."""
    import msgspec

    state = state_dir(state_directory)
    open_state(state)
    scope = _scope(state, parse_ids(models))
    key, token = open_keys(state).create(name, scope)
    if as_json:
        facts = {"id": key.id, "name": key.name, "models": scope and sorted(scope), "key": token}
        print(msgspec.json.encode(facts).decode())
        return
    print(token)
    typer.echo(
        f"Key {key.id} for {key.name!r}: keep it now, it is not shown again. "
        f"To stop it: llmaas keys revoke {key.id}",
        err=True,
    )


@app.command("list", epilog=epilog(LIST_EXAMPLES))
def list_keys(*, state_directory: StateDirOption = None, as_json: JsonOption = False) -> None:
    """List the keys, revoked ones included, without their secrets."""
    import msgspec
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    state = state_dir(state_directory)
    found = open_keys(state).list() if state.keys.exists() else ()
    if as_json:
        print(msgspec.json.encode([_facts(key) for key in found]).decode())
        return
    if not found:
        print("No API key yet; make one with `llmaas keys create --name NAME`.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Id", "Name", "Models", "Created", "Revoked"):
        table.add_column(title, overflow="fold")
    for key in found:
        table.add_row(
            key.id,
            Text(key.name),
            "all" if key.models is None else Text(", ".join(sorted(key.models))),
            f"{key.created_at:%Y-%m-%d}",
            "" if key.revoked_at is None else f"{key.revoked_at:%Y-%m-%d}",
        )
    Console().print(table)


@app.command(epilog=epilog(REVOKE_EXAMPLES))
def revoke(
    key_id: Annotated[
        str, typer.Argument(envvar="LLMAAS_KEY_ID", metavar="ID", help="Id of the key.")
    ],
    *,
    state_directory: StateDirOption = None,
) -> None:
    """Stop a key for good; the next request made with it is refused."""
    from llmaas.accounts import UnknownKeyError

    try:
        key = open_keys(state_dir(state_directory)).revoke(key_id)
    except UnknownKeyError as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    print(f"Revoked {key.id} ({key.name}).")


def open_keys(state: StateDir) -> "KeyStore":
    """The key store of a state directory.

    Raises:
        CommandError: it cannot be opened.
    """
    from llmaas.accounts import KeyStore, KeyStoreError

    try:
        with writing(state):
            return KeyStore(state.keys)
    except KeyStoreError as error:
        raise CommandError(Exit.CANNOT_START, str(error)) from error


def _scope(state: StateDir, names: tuple[str, ...]) -> frozenset[str] | None:
    """The ids of a key's models, checked against what this state directory serves."""
    if not names:
        return None
    from llmaas.cli.model_ids import resolve_ids
    from llmaas.cli.sources import load_bundle, load_source

    source = load_bundle(state.bundle) if state.bundle.exists() else load_source(None)
    return frozenset(resolve_ids(source.bundle, names))


def _facts(key: "ApiKey") -> dict[str, object]:
    return {
        "id": key.id,
        "name": key.name,
        "models": None if key.models is None else sorted(key.models),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
