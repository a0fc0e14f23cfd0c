"""`llmaas apply`: put a catalogue live, without a restart and without dropping a request."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogArgument, JsonOption, StateDirOption
from llmaas.cli.state import StateDir, open_state, state_dir

if TYPE_CHECKING:
    from llmaas.catalog.plan import Plan
    from llmaas.cli.service.applying import Applied
    from llmaas.cli.steps import Steps

EXAMPLES = """
llmaas apply                       this catalogue, to the service on this machine
llmaas apply --bundle ./bundle     what `llmaas generate` wrote elsewhere
llmaas apply --rollback            what was served before
llmaas apply --rollback --to 6d61  an earlier one, by the first digits of its id
llmaas apply --history             who applied what, when, and what came of it
"""


def apply(
    catalog: CatalogArgument = None,
    *,
    bundle: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_BUNDLE",
            metavar="DIR",
            show_default="the catalogue, compiled",
            help="Apply a bundle that `llmaas generate` wrote.",
        ),
    ] = None,
    rollback: Annotated[
        bool,
        typer.Option(
            "--rollback", envvar="LLMAAS_ROLLBACK", help="Serve again what was served before."
        ),
    ] = False,
    to: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_ROLLBACK_TO",
            metavar="ID",
            show_default="the one before",
            help="With --rollback: this one. The first digits are enough.",
        ),
    ] = None,
    history: Annotated[
        bool,
        typer.Option(
            "--history", envvar="LLMAAS_HISTORY", help="Show what was applied, and do nothing."
        ),
    ] = False,
    allow_breaking: Annotated[
        bool,
        typer.Option(
            "--allow-breaking",
            envvar="LLMAAS_ALLOW_BREAKING",
            help="Apply although a promise to customers is broken (see `llmaas plan`).",
        ),
    ] = False,
    state_directory: StateDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a catalogue live: generate, verify, publish, and wait until it is served.

    The service that runs in the state directory loads what changed, answers once with it, and then
    switches: requests that run end on the version they began with. What cannot be verified or
    loaded is refused with the reason, and what was served goes on. Weights that were pulled since
    are taken into use as well. Where no service runs, the next `llmaas serve` serves it.

    A model is loaded beside the one that it replaces. Where memory has no room for both and the old
    one is pinned, apply twice: first without `pinned`, then with the other weights. Another time
    zone needs a new start of the service.

    Every answer says which catalogue it comes from: x-llmaas-catalogue.
    """
    from llmaas.cli.steps import Steps

    state = state_dir(state_directory)
    open_state(state)
    if history:
        _print_history(state, as_json=as_json)
        return
    if to is not None and not rollback:
        raise CommandError(Exit.USAGE, "--to names what to roll back to", "add --rollback")
    steps = Steps()
    if rollback:
        applied, plan = _rolled_back(state, to, steps), None
    else:
        applied, plan = _applied(state, catalog, bundle, steps, allow_breaking=allow_breaking)
    _print(applied, plan, state, as_json=as_json)


def _applied(
    state: StateDir,
    catalog: Path | None,
    bundle: Path | None,
    steps: "Steps",
    *,
    allow_breaking: bool,
) -> "tuple[Applied, Plan | None]":
    from llmaas.bundle import read_bundle
    from llmaas.catalog.plan import Effect
    from llmaas.cli.service.applying import (
        plan_against_current,
        publish_catalogue,
        publish_directory,
        serve,
    )
    from llmaas.cli.service.publishing import store_of
    from llmaas.cli.service_day import today_of

    if bundle is None:
        bundle_id, source = publish_catalogue(state, catalog, steps)
    else:
        bundle_id, source = publish_directory(state, bundle), None
    today = today_of(read_bundle(store_of(state).directory(bundle_id)).service)()
    plan = plan_against_current(state, bundle_id, source, today)
    if plan is not None and plan.effect is Effect.BREAKING and not allow_breaking:
        broken = [change for change in plan.changes if change.effect is Effect.BREAKING]
        listed = "\n".join(f"  {each.judgement.message}" for each in broken)
        raise CommandError(
            Exit.BREAKING,
            f"{len(broken)} of {len(plan.changes)} changes break a promise to customers, so "
            f"nothing was applied:\n{listed}",
            "`llmaas plan` has the rules and the remedies; --allow-breaking applies it regardless",
        )
    return serve(state, bundle_id, "apply", steps), plan


def _rolled_back(state: StateDir, to: str | None, steps: "Steps") -> "Applied":
    from llmaas.cli.service.applying import serve
    from llmaas.cli.service.publishing import store_of

    store = store_of(state)
    bundle_id = store.before(store.current) if to is None else store.find(to)
    if bundle_id is None:
        raise CommandError(
            Exit.USAGE,
            f"nothing was served in {state.root} before {store.current}",
            "`llmaas apply --history` shows what was",
        )
    return serve(state, bundle_id, "rollback", steps)


def _print(applied: "Applied", plan: "Plan | None", state: StateDir, *, as_json: bool) -> None:
    served = applied.served
    if as_json:
        facts: dict[str, object] = {
            "bundle": applied.bundle,
            "previous": applied.previous,
            "serving": served is not None,
            "changes": None if plan is None else len(plan.changes),
            "effect": None if plan is None else plan.effect.label,
        }
        if served is not None:
            facts |= {
                "url": served.url,
                "catalogue_sha256": served.catalogue_sha256,
                "started": served.started,
                "kept": served.kept,
                "ending": served.ending,
            }
        print(json.dumps(facts))
        return
    if plan is not None:
        changes = "no change" if not plan.changes else f"{len(plan.changes)} changes"
        print(f"{changes}, {plan.effect.label}" if plan.changes else changes)
    if served is None:
        print(
            f"{applied.bundle} is in place; no service runs in {state.root}, so its models were "
            "not loaded.\n`llmaas serve` serves it."
        )
        return
    print(f"{served.url} serves {applied.bundle} (before: {applied.previous}).")
    started = ", ".join(served.started) or "none"
    print(f"Models loaded anew: {started}. Untouched: {served.kept}.")
    if served.ending:
        print(f"{served.ending} running requests end on the version before.")


def _print_history(state: StateDir, *, as_json: bool) -> None:
    import msgspec

    from llmaas.cli.service.publishing import store_of

    store = store_of(state)
    entries = store.history()
    if as_json:
        print(msgspec.json.encode(entries).decode())
    elif not entries:
        print(f"Nothing was applied in {state.root} yet.")
    serving = next((each for each in reversed(entries) if each.outcome == "serving"), None)
    for entry in () if as_json else reversed(entries):
        mark = "*" if entry is serving else " "
        came = entry.outcome if entry.running else "in place"
        when = f"{entry.at:%Y-%m-%d %H:%M:%S}Z"
        print(f"{mark} {when}  {entry.by:<12} {entry.action:<9} {entry.bundle:<22} {came}")
        if entry.reason:
            print(f"    {entry.reason}")
