"""`llmaas security`: measure the prompt-security layer, explain a verdict, grant an exception."""

import json
import sys
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from llmaas.cli.edit.making import DryRunOption, make_edit
from llmaas.cli.examples import epilog
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import CatalogOption, StateDirOption, parse_ids
from llmaas.cli.sources import Source, load_source

if TYPE_CHECKING:
    from llmaas.security import Engine, Policy

EVAL_EXAMPLES = """
llmaas security eval --set prompts.jsonl --set sessions.jsonl
llmaas security eval --set prompts.jsonl --baseline before.json
llmaas security eval --set prompts.jsonl --no-learned --no-latency
"""
EXPLAIN_EXAMPLES = """
llmaas security explain < prompt.txt
"""
RELAX_EXAMPLES = """
llmaas security relax acme --mode flag_only --until 2027-01-31 --author jd --reason "LLM vendor"
llmaas security relax acme --until 2027-01-31 --author jd --reason "ticket 7" --apply
llmaas security relax acme --disable-rules chat-template --until 2027-01-31 --author jd --reason x
"""

app = typer.Typer(
    help="Measure the prompt-security layer, explain a verdict, relax it for a customer.",
    no_args_is_help=True,
    epilog=epilog(EVAL_EXAMPLES),
)
SetOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--set",
        envvar="LLMAAS_SECURITY_SET",
        metavar="FILE",
        help="JSON Lines: text, label, lang, tier, kind; or sessions with prompts. Repeatable.",
        show_default="the examples of the standard rules",
    ),
]


@app.command("eval", epilog=epilog(EVAL_EXAMPLES))
def evaluate(
    *,
    sets: SetOption = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            envvar="LLMAAS_SECURITY_BASELINE",
            metavar="REPORT",
            help="An earlier report, to name what changed.",
        ),
    ] = None,
    learned: Annotated[
        bool,
        typer.Option(
            envvar="LLMAAS_SECURITY_LEARNED", help="Listen to the linear model beside the rules."
        ),
    ] = True,
    latency: Annotated[
        bool, typer.Option(envvar="LLMAAS_SECURITY_LATENCY", help="Measure how long it takes.")
    ] = True,
    gain: Annotated[
        bool,
        typer.Option(
            "--gain", envvar="LLMAAS_SECURITY_GAIN", help="Also what each rule adds, one by one."
        ),
    ] = False,
    fail: Annotated[
        bool,
        typer.Option(
            "--fail",
            envvar="LLMAAS_SECURITY_FAIL",
            help="End with 1 when a budget of the catalogue is not met; without any, a figure.",
        ),
    ] = False,
    catalog: CatalogOption = None,
) -> None:
    """Measure the layer on labelled prompts and print every figure as JSON."""
    from llmaas.security.evaluation import (
        against_budgets,
        compared,
        evaluate,
        gain_per_rule,
        is_report,
        read_items,
    )

    source = load_source(catalog)
    engine, policy = _layer(source, learned=learned)
    try:
        items = read_items(sets) if sets else _examples()
        earlier = None if baseline is None else json.loads(baseline.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(
            Exit.USAGE,
            f"cannot read the set or the baseline: {error}",
            "a set has a JSON object per line, with `text` (or `prompts`) and `label`",
        ) from error
    if earlier is not None and not is_report(earlier):
        raise CommandError(
            Exit.USAGE, f"{baseline} is no report", "give what this command printed before"
        )
    report = evaluate(items, engine, policy, with_latency=latency)
    report["budgets"] = against_budgets(report, _budgets(source))
    if gain:
        report["gain_per_rule"] = gain_per_rule(items, engine, policy)
    if earlier is not None:
        report["compared_with_baseline"] = compared(report, earlier)
    print(json.dumps(report, indent=2, ensure_ascii=False))
    decisive = "budgets" if report["budgets"] else "wanted"
    missed = [row["what"] for row in report[decisive] if row["met"] is False]
    if fail and missed:
        raise CommandError(
            Exit.PROBLEMS,
            f"not met: {', '.join(missed)}",
            f"`{decisive}` in the report has what was measured",
        )


@app.command(epilog=epilog(EXPLAIN_EXAMPLES))
def explain(
    *,
    learned: Annotated[
        bool,
        typer.Option(
            envvar="LLMAAS_SECURITY_LEARNED", help="Listen to the linear model beside the rules."
        ),
    ] = True,
    catalog: CatalogOption = None,
) -> None:
    """Show the readings, findings and scores of a text from the standard input.

    The text is shown, so this is for texts of your own, not for customers'.
    """
    from llmaas.security import assess

    engine, policy = _layer(load_source(catalog), learned=learned)
    assessment = assess(sys.stdin.read(), engine)
    flagged = any(finding.flags for finding in assessment.findings)
    action = "allow"
    if assessment.score >= policy.block:
        action = "block"
    elif assessment.score >= policy.flag or flagged:
        action = "flag"
    views = [
        {
            "view": each.view.kind,
            "text": each.view.text[:400],
            "learned_logit": None if each.logit is None else round(each.logit, 2),
            "score": round(each.score, 3),
            "findings": [
                {
                    "check": finding.check,
                    "rule": finding.rule,
                    "family": finding.family,
                    "weight": finding.weight,
                    "found": each.view.text.encode()[finding.start : finding.end].decode(
                        "utf-8", "replace"
                    )[:120],
                }
                for finding in each.findings
            ],
        }
        for each in assessment.views
    ]
    report = {"action": action, "score": round(assessment.score, 3), "views": views}
    print(json.dumps(report, indent=2, ensure_ascii=False))


@app.command(epilog=epilog(RELAX_EXAMPLES))
def relax(
    tenant: Annotated[
        str,
        typer.Argument(envvar="LLMAAS_TENANT", metavar="TENANT", help="Id of the customer."),
    ],
    *,
    until: Annotated[
        datetime,
        typer.Option(
            envvar="LLMAAS_UNTIL", formats=["%Y-%m-%d"], help="The last day on which it holds."
        ),
    ],
    reason: Annotated[str, typer.Option(envvar="LLMAAS_REASON", help="Why; it is kept.")],
    author: Annotated[str, typer.Option(envvar="LLMAAS_AUTHOR", help="Who grants it.")],
    mode: Annotated[
        Literal["enforce", "flag_only", "off"],
        typer.Option(envvar="LLMAAS_MODE", help="`flag_only` never refuses; `off` does not look."),
    ] = "enforce",
    disable_rules: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_DISABLE_RULES", metavar="RULE,…", help="Rules that do not count."
        ),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--apply",
            envvar="LLMAAS_RELAX_APPLY",
            help="Have the running service take the catalogue over at once (`llmaas apply`).",
        ),
    ] = False,
    catalog: CatalogOption = None,
    state_directory: StateDirOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Grant a customer an exception: with a reason, an author and a last day, in the catalogue.

    It holds from the moment the service serves the catalogue (`llmaas apply`, or --apply here) and
    ends by itself after its last day. The audit trail has it with who granted it, and why.
    """
    from llmaas.catalog.edit import relax as edit

    make_edit(
        catalog,
        lambda authored, today: edit(
            authored,
            tenant,
            mode=mode,
            disabled_rules=parse_ids(disable_rules),
            until=until.date(),
            reason=reason,
            author=author,
            today=today,
        ),
        at=None,
        dry_run=dry_run,
    )
    if live and not dry_run:
        from llmaas.cli.service.apply import apply

        apply(catalog, state_directory=state_directory)


def _budgets(source: Source) -> dict[str, float]:
    """The limits that the catalogue sets; a bundle has none, they are for maintainers."""
    file = source.catalog_file
    if file is None or file.catalog is None or file.catalog.security.budgets is None:
        return {}
    limits = file.catalog.security.budgets.model_dump(exclude_none=True)
    return {name: float(limit) for name, limit in limits.items()}


def _layer(source: Source, *, learned: bool) -> "tuple[Engine, Policy]":
    """The layer as the catalogue (or the reference bundle) wants it.

    With time for every check, and a failure that shows: here nobody waits for an answer.
    """
    from llmaas.security import engine_of, policy_of

    table = source.bundle.security
    engine = engine_of(table, clock=time.monotonic, learned=learned)
    return engine, replace(policy_of(table), on_error="block", time_budget_s=60.0)


def _examples() -> list[dict[str, Any]]:
    """The examples of the standard rules as a small set."""
    from llmaas.catalog.security_rules import ConceptRule, PatternRule, standard_rules

    file = standard_rules()
    rules: tuple[ConceptRule | PatternRule, ...] = (*file.rules, *file.patterns)
    return [
        {
            "id": f"{rule.id}:{label}:{number}",
            "text": text,
            "label": label,
            "tier": "explicit" if label == "attack" else "core",
            "kind": rule.family,
            "lang": "en",
        }
        for rule in rules
        for label, texts in (("attack", rule.yes), ("benign", rule.no))
        for number, text in enumerate(texts)
    ]
