"""Whatever a well-shaped catalogue says, the rules answer with findings and do not fail."""

from datetime import date
from pathlib import Path
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from llmaas.bundle.tables import Capability, Endpoint, Modality, WorkerKind
from llmaas.catalog import CODES, Catalog, read_catalog
from llmaas.catalog.model import EARLIEST_YEAR, LATEST_YEAR, Model, RuleException
from llmaas.catalog.rules import findings
from llmaas.catalog.rules.exceptions import PROMISES

READ = read_catalog(Path(__file__).parents[2] / "golden" / "catalog" / "base.yaml")
assert READ.catalog is not None
BASE: Catalog = READ.catalog
IDS = (*(model.id for model in BASE.models), "nowhere:1b")

days = st.dates(min_value=date(EARLIEST_YEAR, 1, 1), max_value=date(LATEST_YEAR, 12, 31))
maybe_days = st.none() | days


@st.composite
def models(draw: st.DrawFn, base: Model) -> Model:
    kind = draw(st.sampled_from(get_args(WorkerKind)))
    facts = {
        "id": draw(st.sampled_from(IDS)),
        "aliases": tuple(draw(st.lists(st.sampled_from(IDS), max_size=2))),
        "successor": draw(st.none() | st.sampled_from(IDS)),
        "released_on": draw(days),
        "support_ends_on": draw(maybe_days),
        "deprecated_on": draw(maybe_days),
        "removed_on": draw(maybe_days),
        "stability": draw(st.sampled_from(["stable", "experimental"])),
        "capabilities": _some(draw, get_args(Capability)),
        "input_modalities": _some(draw, get_args(Modality)),
        "output_modalities": _some(draw, get_args(Modality)),
        "endpoints": _some(draw, get_args(Endpoint)),
        "exceptions": tuple(
            RuleException.model_validate({"rule": rule, "reason": "agreed"})
            for rule in _some(draw, tuple(PROMISES))
        ),
        "serving": base.serving.model_copy(update={"kind": kind}),
    }
    return base.model_copy(update=facts)


def _some(draw: st.DrawFn, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(draw(st.lists(st.sampled_from(values), max_size=3)))


@given(st.tuples(*(models(base) for base in BASE.models)), maybe_days)
def test_rules_answer_whatever_models_say(changed: tuple[Model, ...], today: date | None) -> None:
    catalog = BASE.model_copy(update={"models": changed})
    for finding in findings(catalog, today):
        assert finding.code in CODES
        assert CODES[finding.code].stage == "rules"
        assert finding.message
        assert finding.help
        assert finding.loc[0] in Catalog.model_fields


@given(st.tuples(*(models(base) for base in BASE.models)))
def test_a_day_only_ever_adds_findings(changed: tuple[Model, ...]) -> None:
    catalog = BASE.model_copy(update={"models": changed})
    timeless = set(findings(catalog, None))
    assert timeless <= set(findings(catalog, date(2030, 1, 1)))


@given(st.permutations(range(len(BASE.models))))
def test_the_order_of_the_models_changes_no_verdict(order: list[int]) -> None:
    catalog = BASE.model_copy(update={"models": tuple(BASE.models[index] for index in order)})
    assert list(findings(catalog, date(2025, 7, 1))) == []
