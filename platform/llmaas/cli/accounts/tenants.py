"""`llmaas tenants`: the customers, their terms and their credit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.accounts import tenant_contact
from llmaas.cli.accounts.opening import administrator, open_administration
from llmaas.cli.accounts.options import (
    CapOption,
    DailyOption,
    HourlyOption,
    RequestsOption,
    euros,
    moment,
    quota_of,
    refusing,
)
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogOption, DatabaseOption, JsonOption, StateDirOption
from llmaas.cli.state import StateDir, state_dir
from llmaas.cli.tables import print_table

if TYPE_CHECKING:
    from llmaas.accounts import Tenant
    from llmaas.bundle import TierPolicy

CREATE_EXAMPLES = """
llmaas tenants create acme --name "ACME SA" --tier tier-1
llmaas tenants create city --name "City" --tier contract --daily-tokens 5000000
"""
LIST_EXAMPLES = """
llmaas tenants list
llmaas tenants list --json
"""
CHANGE_EXAMPLES = """
llmaas tenants change acme --tier tier-2
llmaas tenants change acme --delivery file:/run/keys/acme
llmaas tenants change acme --delivery https://acme.example/keys
"""
CREDIT_EXAMPLES = """
llmaas tenants credit acme 200 --reference "invoice 2026-117"
"""
CLOSE_EXAMPLES = """
llmaas tenants close acme     every key of it stops; its bills stay
"""

app = typer.Typer(
    help="Create, list and change tenants: one customer each, on a tier or a contract.",
    no_args_is_help=True,
    epilog=epilog(CREATE_EXAMPLES + LIST_EXAMPLES.lstrip() + CREDIT_EXAMPLES.lstrip()),
)
TenantArgument = Annotated[
    str, typer.Argument(envvar="LLMAAS_TENANT", metavar="ID", help="Id of the tenant.")
]


@app.command(epilog=epilog(CREATE_EXAMPLES))
def create(
    tenant: TenantArgument,
    *,
    name: Annotated[
        str, typer.Option(envvar="LLMAAS_TENANT_NAME", help="The customer's name; kept encrypted.")
    ],
    tier: Annotated[
        str, typer.Option(envvar="LLMAAS_TIER", help="A tier of the catalogue.")
    ] = "contract",
    requests_per_minute: RequestsOption = None,
    hourly_tokens: HourlyOption = None,
    daily_tokens: DailyOption = None,
    monthly_cap: CapOption = None,
    catalog: CatalogOption = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Make a tenant. A prepaid tier's credit is booked; limits given here win over the tier's."""
    state = state_dir(state_directory)
    policy = _tier(state, catalog, tier)
    quota = quota_of(requests_per_minute, hourly_tokens, daily_tokens, monthly_cap)
    administration = open_administration(state, database)
    with refusing():
        made = administration.create_tenant(tenant, name, policy, quota, actor=administrator())
    print(f"Made tenant {made.id} on {made.tier}, {_money(made)}.")


@app.command("list", epilog=epilog(LIST_EXAMPLES))
def list_tenants(
    *,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tenants with their balances."""
    import msgspec

    found = open_administration(state_dir(state_directory), database).tenants()
    if as_json:
        print(msgspec.json.encode([facts(tenant) for tenant in found]).decode())
    elif not found:
        print("No tenant yet; make one with `llmaas tenants create ID --name NAME`.")
    else:
        print_table(
            ("Id", "Name", "Tier", "Account", "State"),
            [
                (
                    tenant.id,
                    tenant.name,
                    tenant.tier,
                    _money(tenant),
                    "closed" if tenant.closed_ms else "open",
                )
                for tenant in found
            ],
        )


@app.command(epilog=epilog(CHANGE_EXAMPLES))
def change(
    tenant: TenantArgument,
    *,
    tier: Annotated[
        str | None,
        typer.Option(envvar="LLMAAS_TIER", show_default="as it is", help="Another tier."),
    ] = None,
    delivery: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_DELIVERY",
            metavar="WHERE",
            show_default="as it is",
            help="Where rotated keys go: file:/path, command:/path, or an https:// webhook.",
        ),
    ] = None,
    requests_per_minute: RequestsOption = None,
    hourly_tokens: HourlyOption = None,
    daily_tokens: DailyOption = None,
    monthly_cap: CapOption = None,
    catalog: CatalogOption = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Change the terms of a tenant. Limits given here replace those it has of its own."""
    from llmaas.accounts import Quota

    state = state_dir(state_directory)
    policy = None if tier is None else _tier(state, catalog, tier)
    quota = quota_of(requests_per_minute, hourly_tokens, daily_tokens, monthly_cap)
    administration = open_administration(state, database)
    with refusing():
        changed = administration.change_tenant(
            tenant,
            tier=policy,
            quota=None if quota == Quota() else quota,
            delivery=delivery,
            actor=administrator(),
        )
    print(f"Tenant {changed.id} is on {changed.tier}, {_money(changed)}.")


app.command("contact", epilog=epilog(tenant_contact.EXAMPLES))(tenant_contact.contact)


@app.command(epilog=epilog(CREDIT_EXAMPLES))
def credit(
    tenant: TenantArgument,
    amount: Annotated[
        str, typer.Argument(envvar="LLMAAS_AMOUNT", metavar="EUR", help="Euros paid in.")
    ],
    *,
    reference: Annotated[
        str,
        typer.Option(envvar="LLMAAS_REFERENCE", help="What the payment is known by."),
    ],
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Book money that a tenant paid in; running services notice at once."""
    administration = open_administration(state_dir(state_directory), database)
    with refusing():
        administration.credit(tenant, euros(amount), reference, actor=administrator())
        print(f"Tenant {tenant}: {_money(administration.tenant(tenant))}.")


@app.command(epilog=epilog(CLOSE_EXAMPLES))
def close(
    tenant: TenantArgument,
    *,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
) -> None:
    """Stop every key of a tenant for good."""
    with refusing():
        open_administration(state_dir(state_directory), database).close_tenant(
            tenant, actor=administrator()
        )
    print(f"Closed tenant {tenant}.")


def facts(tenant: "Tenant") -> dict[str, object]:
    """A tenant for programs."""
    import msgspec

    from llmaas.accounts import to_eur

    return {
        "id": tenant.id,
        "name": tenant.name,
        "tier": tenant.tier,
        "prepaid": tenant.prepaid,
        "credited_eur": f"{to_eur(tenant.credited_pico):f}",
        "spent_eur": f"{to_eur(tenant.spent_pico):f}",
        "quota": msgspec.to_builtins(tenant.quota),
        "created_at": moment(tenant.created_ms),
        "closed_at": moment(tenant.closed_ms),
    }


def _money(tenant: "Tenant") -> str:
    from llmaas.accounts import to_cents

    if tenant.prepaid:
        return f"{to_cents(tenant.balance_pico)} € of credit left"
    return f"{to_cents(tenant.spent_pico)} € used"


def _tier(state: StateDir, catalog: Path | None, name: str) -> "TierPolicy":
    from llmaas.cli.sources import load_bundle, load_source

    compiled = catalog is None and state.bundle.exists()
    source = load_bundle(state.bundle) if compiled else load_source(catalog)
    for tier in source.bundle.tiers:
        if tier.id == name:
            return tier
    raise CommandError(
        Exit.USAGE,
        f"there is no tier {name!r}",
        f"choose from {', '.join(tier.id for tier in source.bundle.tiers)}",
    )
