"""What holds for the plan of any two catalogues."""

import json
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.plan.catalogues import catalogues

from llmaas.catalog.codes import CODES
from llmaas.catalog.model import Catalog
from llmaas.catalog.plan import (
    RULES,
    Effect,
    applied,
    plain,
    plan,
    plan_trees,
    render_plan,
    tree_of,
    tree_of_bundle,
)
from llmaas.catalog.rules import findings
from llmaas.generators import compile_bundle

two_hundred = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
fifty = settings(two_hundred, max_examples=50)
todays = st.dates(date(2024, 1, 1), date(2027, 1, 1))


def catalog(values: dict[str, Any]) -> Catalog:
    return Catalog.model_validate(values)


@fifty
@given(catalogues())
def test_the_catalogues_of_these_tests_have_no_errors(values: dict[str, Any]) -> None:
    found = list(findings(catalog(values), None))
    assert [each for each in found if CODES[each.code].severity == "error"] == []


@two_hundred
@given(catalogues(), todays)
def test_a_catalogue_that_stays_as_it_is_has_an_empty_plan(
    values: dict[str, Any], today: date
) -> None:
    assert plan(catalog(values), catalog(values), today=today).changes == ()


@two_hundred
@given(catalogues(), catalogues(), todays)
def test_the_changes_of_a_plan_applied_to_the_old_catalogue_give_the_new_one(
    old: dict[str, Any], new: dict[str, Any], today: date
) -> None:
    before, after = catalog(old), catalog(new)
    changes = plan(before, after, today=today).changes
    again = applied(tree_of(before), [change.delta for change in changes])
    assert Catalog.model_validate(plain(again)) == after


@fifty
@given(catalogues(), catalogues(), todays)
def test_a_change_breaks_a_known_rule_and_names_the_remedy_exactly_where_it_is_breaking(
    old: dict[str, Any], new: dict[str, Any], today: date
) -> None:
    for change in plan(catalog(old), catalog(new), today=today).changes:
        breaking = change.effect is Effect.BREAKING
        assert (change.judgement.rule in RULES) is breaking
        assert bool(change.judgement.help) is breaking
        assert change.judgement.message


@fifty
@given(catalogues(), catalogues(), todays)
def test_every_plan_can_be_printed_for_people_programs_and_reviews(
    old: dict[str, Any], new: dict[str, Any], today: date
) -> None:
    found = plan(catalog(old), catalog(new), today=today)
    assert json.loads(render_plan(found, "HEAD", "json"))["effect"] == found.effect.name.lower()
    assert render_plan(found, "HEAD", "markdown").count("\n| ") >= len(found.changes)
    assert max(map(len, render_plan(found, "HEAD").splitlines())) <= 80


@fifty
@given(catalogues(), catalogues(), todays)
def test_bundles_tell_nothing_that_their_catalogues_do_not(
    old: dict[str, Any], new: dict[str, Any], today: date
) -> None:
    before, after = catalog(old), catalog(new)
    trees = tree_of_bundle(compile_bundle(before)), tree_of_bundle(compile_bundle(after))
    whole = plan(before, after, today=today)
    part = plan_trees(*trees, today=today)
    assert not part.changes or whole.changes
    same = tree_of_bundle(compile_bundle(before))
    assert plan_trees(trees[0], same, today=today).changes == ()
