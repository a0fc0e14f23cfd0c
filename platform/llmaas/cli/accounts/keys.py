"""`llmaas keys`: who may call the service."""

from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.accounts.opening import administrator, clock_ms, open_administration
from llmaas.cli.accounts.options import (
    CapOption,
    DailyOption,
    HourlyOption,
    RequestsOption,
    day_text,
    moment,
    quota_of,
    refusing,
)
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import DatabaseOption, JsonOption, StateDirOption, parse_ids
from llmaas.cli.state import StateDir, state_dir
from llmaas.cli.tables import print_table

if TYPE_CHECKING:
    from llmaas.accounts import ApiKey

CREATE_EXAMPLES = """
llmaas keys create --name "search team"
llmaas keys create --name ci --models granite3.3:2b,granite3.3:8b --expires-days 90
llmaas keys create --name rag --tenant acme --endpoints embeddings --rotate-days 30 --grace-hours 24
llmaas keys create --name intern --hourly-tokens 20000 --monthly-cap 5
"""
LIST_EXAMPLES = """
llmaas keys list
llmaas keys list --tenant acme --json
"""
SHOW_EXAMPLES = """
llmaas keys show k3vq7xw2m5ab4cde
"""
ROTATE_EXAMPLES = """
llmaas keys rotate k3vq7xw2m5ab4cde                 the old key has its grace
llmaas keys rotate k3vq7xw2m5ab4cde --grace-hours 1
"""
REVOKE_EXAMPLES = """
llmaas keys revoke k3vq7xw2m5ab4cde     the id is in `llmaas keys list`
"""
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ENDPOINTS = ("chat.completions", "completions", "embeddings", "audio.transcriptions")

app = typer.Typer(
    help="Create, list, rotate and revoke API keys. A running service notices at once.",
    no_args_is_help=True,
    epilog=epilog(CREATE_EXAMPLES + LIST_EXAMPLES.lstrip() + REVOKE_EXAMPLES.lstrip()),
)
KeyArgument = Annotated[
    str, typer.Argument(envvar="LLMAAS_KEY_ID", metavar="ID", help="Id of the key.")
]
TenantOption = Annotated[
    str,
    typer.Option(
        "--tenant", envvar="LLMAAS_TENANT", metavar="ID", help="The tenant the key belongs to."
    ),
]


@app.command(epilog=epilog(CREATE_EXAMPLES))
def create(
    *,
    name: Annotated[
        str,
        typer.Option(envvar="LLMAAS_KEY_NAME", help="What the key is for; shown in lists."),
    ],
    tenant: TenantOption = "default",
    models: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_KEY_MODELS",
            metavar="ID,ID",
            show_default="every model",
            help="Only these models may be called with it.",
        ),
    ] = None,
    endpoints: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_KEY_ENDPOINTS",
            metavar="NAME,NAME",
            show_default="every operation",
            help=f"Only these operations may be used with it: {', '.join(ENDPOINTS)}.",
        ),
    ] = None,
    expires_days: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_KEY_EXPIRES_DAYS", min=1, show_default="never", help="Days it is valid."
        ),
    ] = None,
    rotate_days: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_KEY_ROTATE_DAYS",
            min=1,
            show_default="never",
            help="Days after which its successor is issued by itself.",
        ),
    ] = None,
    grace_hours: Annotated[
        int,
        typer.Option(
            envvar="LLMAAS_KEY_GRACE_HOURS",
            min=0,
            help="Hours for which it stays valid beside its successor.",
        ),
    ] = 168,
    requests_per_minute: RequestsOption = None,
    hourly_tokens: HourlyOption = None,
    daily_tokens: DailyOption = None,
    monthly_cap: CapOption = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create an API key and print it. It is stored hashed and cannot be shown again."""
    import msgspec

    from llmaas.accounts import NewKey

    state = state_dir(state_directory)
    scope = _scope(state, parse_ids(models))
    expires_ms = None if expires_days is None else clock_ms() + expires_days * DAY_MS
    new = NewKey(
        name,
        tenant=tenant,
        models=scope,
        endpoints=_endpoints(parse_ids(endpoints)),
        quota=quota_of(requests_per_minute, hourly_tokens, daily_tokens, monthly_cap),
        expires_ms=expires_ms,
        rotate_days=rotate_days,
        grace_hours=grace_hours,
    )
    with refusing():
        key, token = open_administration(state, database).create_key(new, actor=administrator())
    if as_json:
        print(msgspec.json.encode(facts(key) | {"key": token}).decode())
        return
    _hand_over(key, token)


@app.command("list", epilog=epilog(LIST_EXAMPLES))
def list_keys(
    *,
    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_TENANT", metavar="ID", show_default="all", help="Only of this tenant."
        ),
    ] = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the keys, revoked ones included, without their secrets."""
    import msgspec

    state = state_dir(state_directory)
    there = database is not None or state.accounts.exists()
    found = open_administration(state, database).api_keys(tenant) if there else ()
    if as_json:
        print(msgspec.json.encode([facts(key) for key in found]).decode())
    elif not found:
        print("No API key yet; make one with `llmaas keys create --name NAME`.")
    else:
        print_table(
            ("Id", "Name", "Tenant", "Models", "Created", "Ends"),
            [
                (
                    key.id,
                    key.name,
                    key.tenant,
                    "all" if key.models is None else ", ".join(sorted(key.models)),
                    day_text(key.created_ms),
                    day_text(key.expires_ms) if key.revoked_ms is None else "revoked",
                )
                for key in found
            ],
        )


@app.command(epilog=epilog(SHOW_EXAMPLES))
def show(
    key_id: KeyArgument,
    *,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a key may do and how long, without its secret."""
    import msgspec

    with refusing():
        key = open_administration(state_dir(state_directory), database).api_key(key_id)
    if as_json:
        print(msgspec.json.encode(facts(key)).decode())
        return
    for label, value in facts(key).items():
        if value not in (None, {}):
            print(f"{label:<14}{', '.join(value) if isinstance(value, list) else value}")


@app.command(epilog=epilog(ROTATE_EXAMPLES))
def rotate(
    key_id: KeyArgument,
    *,
    grace_hours: Annotated[
        float | None,
        typer.Option(
            envvar="LLMAAS_GRACE_HOURS",
            min=0,
            show_default="as the key has it",
            help="Hours for which the old key stays valid.",
        ),
    ] = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue the successor of a key and print it. Both are valid until the grace period ends."""
    import msgspec

    administration = open_administration(state_dir(state_directory), database)
    with refusing():
        key, token = administration.rotate(
            key_id,
            grace_ms=None if grace_hours is None else int(grace_hours * HOUR_MS),
            actor=administrator(),
        )
    if as_json:
        print(msgspec.json.encode(facts(key) | {"key": token, "replaces": key_id}).decode())
        return
    _hand_over(key, token)


@app.command(epilog=epilog(REVOKE_EXAMPLES))
def revoke(
    key_id: KeyArgument,
    *,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Stop a key for good; the next request made with it is refused."""
    administration = open_administration(state_dir(state_directory), database)
    with refusing():
        key = administration.revoke(key_id, actor=administrator())
    print(f"Revoked {key.id} ({key.name}).")


def _hand_over(key: "ApiKey", token: str) -> None:
    print(token)
    typer.echo(
        f"Key {key.id} for {key.name!r}: keep it now, it is not shown again. "
        f"To stop it: llmaas keys revoke {key.id}",
        err=True,
    )


def _scope(state: StateDir, names: tuple[str, ...]) -> frozenset[str] | None:
    """The ids of a key's models, checked against what this state directory serves."""
    if not names:
        return None
    from llmaas.cli.model_ids import resolve_ids
    from llmaas.cli.sources import load_bundle, load_source

    source = load_bundle(state.bundle) if state.bundle.exists() else load_source(None)
    return frozenset(resolve_ids(source.bundle, names))


def _endpoints(names: tuple[str, ...]) -> frozenset[str] | None:
    for name in names:
        if name not in ENDPOINTS:
            raise CommandError(
                Exit.USAGE, f"there is no operation {name!r}", f"choose from {', '.join(ENDPOINTS)}"
            )
    return frozenset(names) or None


def facts(key: "ApiKey") -> dict[str, object]:
    """A key for programs."""
    import msgspec

    return {
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "models": None if key.models is None else sorted(key.models),
        "endpoints": None if key.endpoints is None else sorted(key.endpoints),
        "quota": msgspec.to_builtins(key.quota),
        "created_at": moment(key.created_ms),
        "expires_at": moment(key.expires_ms),
        "revoked_at": moment(key.revoked_ms),
        "rotate_days": key.rotate_days,
        "grace_hours": key.grace_hours,
        "successor": key.successor,
    }
