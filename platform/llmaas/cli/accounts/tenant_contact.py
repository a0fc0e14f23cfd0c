"""`llmaas tenants contact`: where and in which language a tenant is told of leaving models."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from llmaas.cli.accounts.opening import administrator, open_administration, open_store
from llmaas.cli.accounts.options import refusing
from llmaas.cli.options import DatabaseOption, JsonOption, StateDirOption
from llmaas.cli.state import state_dir

EXAMPLES = """
llmaas tenants contact acme --language de --mail team@acme.example
llmaas tenants contact acme --webhook https://acme.example/llm-notices
llmaas tenants contact acme                    show it
llmaas tenants contact acme --mail ""          forget the address
"""


def contact(
    tenant: Annotated[
        str, typer.Argument(envvar="LLMAAS_TENANT", metavar="ID", help="Id of the tenant.")
    ],
    *,
    language: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_TENANT_LANGUAGE",
            metavar="CODE",
            show_default="as it is",
            help="Of notices, such as fr or en; without one, the service's first.",
        ),
    ] = None,
    mail: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_TENANT_MAIL",
            metavar="ADDRESS",
            show_default="as it is",
            help="Where mails go; kept encrypted.",
        ),
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_TENANT_WEBHOOK",
            metavar="URL",
            show_default="as it is",
            help="Where payloads are posted, signed; kept encrypted.",
        ),
    ] = None,
    state_directory: StateDirOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show or change how a tenant is told of models that leave; an empty text forgets a value.

    `llmaas lifecycle notify` sends the notices.
    """
    from llmaas.accounts.contacts import Contact, change_contact, contacts

    state = state_dir(state_directory)
    given = {"language": language, "mail": mail, "webhook": webhook}
    store = open_store(state, database)
    try:
        with refusing():
            if any(value is not None for value in given.values()):
                change_contact(store, tenant, actor=administrator(), **given)
            else:
                open_administration(state, database).tenant(tenant)
        found = contacts(store).get(tenant, Contact(tenant))
    finally:
        store.close()
    if as_json:
        print(json.dumps(asdict(found)))
        return
    for name, value in asdict(found).items():
        print(f"{name}: {value or '-'}")
