"""What holds for every edit of every catalogue: comments stay, and nothing else changes."""

import difflib
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from tests.unit.plan.catalogues import IDS, catalogues

from llmaas.catalog import CatalogFile, parse_catalog
from llmaas.catalog.edit import (
    Edit,
    EditRefusedError,
    add_alias,
    add_model,
    changed,
    deprecate,
    edited,
    extend,
    remove,
    set_price,
    set_tier,
)
from llmaas.catalog.edit.writing import entry, flow
from llmaas.catalog.model import Catalog

TODAY = date(2025, 6, 1)
COMMENT = re.compile(r"# c\d+#")
LINES_OF_AN_EDIT = 6
"""More lines than any edit changes that neither adds nor removes a model."""


@st.composite
def commented(draw: st.DrawFn) -> bytes:
    """The text of a random catalogue: block and flow styles, comments and blank lines anywhere."""
    values = draw(catalogues())
    chance = Random(draw(st.integers(0, 2**32)))
    lines: list[str] = []
    for key, value in values.items():
        in_flow = key != "models" and chance.random() < 0.4
        lines += [f"{key}: {flow(value)}"] if in_flow else entry(key, value, 0)
    written = []
    for number, line in enumerate(lines):
        what = chance.choice(["", "", "", "before", "behind", "blank"])
        if what == "before":
            written.append(f"{' ' * chance.randint(0, 8)}# c{number}#")
        if what == "blank":
            written.append("")
        written.append(f"{line} # c{number}#" if what == "behind" else line)
    newline = chance.choice(["\n", "\n", "\r\n"])
    ending = chance.choice([newline, newline, "", f"{newline}# c0#{newline}{newline}"])
    mark = chance.choice(["", "", "\ufeff"])
    return (mark + newline.join(written) + ending).encode()


def edits(catalog: Catalog) -> st.SearchStrategy[Callable[[], Edit]]:
    names = st.sampled_from([*(model.id for model in catalog.models)])
    later = st.dates(date(2025, 6, 2), date(2029, 1, 1))
    amounts = st.decimals("0.01", "9.99", places=2)
    return st.one_of(
        st.builds(
            lambda name, on: (
                lambda: deprecate(catalog, name, successor="anchor", today=TODAY, on=on)
            ),
            names,
            later,
        ),
        st.builds(lambda name, until: lambda: extend(catalog, name, until=until), names, later),
        st.builds(
            lambda price, eur, on: (
                lambda: set_price(catalog, price, eur, effective_on=on, today=TODAY)
            ),
            st.sampled_from(["input", "output", "reasoning_output", "audio"]),
            amounts,
            later | st.just(date(2026, 7, 1)),
        ),
        st.builds(
            lambda tier, cap, hour: (
                lambda: set_tier(
                    catalog, tier, {"monthly_cap_eur": cap, "output_tokens_per_hour": hour}
                )
            ),
            st.sampled_from([tier.id for tier in catalog.tiers]),
            amounts,
            st.integers(1, 9),
        ),
        st.builds(lambda name: lambda: add_alias(catalog, name, "another:name"), names),
    )


def read(content: bytes) -> CatalogFile:
    return parse_catalog(content, Path("models_config.yaml"))


def comments(text: str) -> list[str]:
    return COMMENT.findall(text)


two_hundred = settings(
    max_examples=200,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

fifty = settings(two_hundred, max_examples=50)


def made(current: CatalogFile, content: bytes, edit_of: Callable[[], Edit]) -> tuple[Edit, str]:
    """The edit and the text after it; an edit that its command refuses is another example."""
    try:
        edit = edit_of()
    except EditRefusedError:
        assume(False)
        raise
    try:
        return edit, edited(current, content, edit).after
    except EditRefusedError as error:
        assume(not error.problems)  # a rule refuses it; never the way the file is written
        raise


@two_hundred
@given(st.data())
def test_an_edit_keeps_every_comment_and_every_line_that_it_is_not_about(data: Any) -> None:
    content = data.draw(commented())
    current = read(content)
    assert current.usable, current.problems
    assert current.catalog is not None
    edit, after = made(current, content, data.draw(edits(current.catalog)))

    before = content.decode()
    assert comments(after) == comments(before)
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    lines = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
    assert len(lines) <= LINES_OF_AN_EDIT
    result = read(after.encode())
    assert result.usable
    assert result.document.value == changed(current.document.value, edit.operations)


@fifty
@given(st.data())
def test_adding_a_model_only_adds_lines(data: Any) -> None:
    content = data.draw(commented())
    current = read(content)
    assert current.catalog is not None
    assert isinstance(current.document.value, dict)
    example = data.draw(st.sampled_from(current.document.value["models"]))
    facts = {**example, "id": "added:1b", "aliases": ("added",)}
    _, after = made(current, content, lambda: add_model(current.catalog, facts))

    before = content.decode()
    assert after.startswith(before.rstrip()[:-40])
    assert comments(after) == comments(before)
    old = [line for line in before.splitlines() if line.strip()]
    new = [line for line in after.splitlines() if line.strip()]
    assert [line for line in difflib.ndiff(old, new) if line.startswith("- ")] == []


@fifty
@given(st.data())
def test_removing_a_model_loses_no_comment_but_those_inside_of_its_entry(data: Any) -> None:
    content = data.draw(commented())
    current = read(content)
    assert current.catalog is not None
    name = data.draw(st.sampled_from(IDS))
    _, after = made(
        current,
        content,
        lambda: remove(current.catalog, name, today=TODAY, even_if_it_answers=True),
    )

    before = content.decode()
    lost = set(comments(before)) - set(comments(after))
    start = before.index(f"- id: {name}")
    following = before.find("\n  - id: ", start)
    inside = before[start:] if following < 0 else before[start:following]
    assert lost <= set(comments(inside))
    kept = [model.id for model in current.catalog.models if model.id != name]
    result = read(after.encode()).catalog
    assert result is not None
    assert [model.id for model in result.models] == kept


@fifty
@given(st.data())
def test_an_edit_after_an_edit_is_as_good_as_the_first(data: Any) -> None:
    content = data.draw(commented())
    current = read(content)
    for _ in range(2):
        assert current.catalog is not None
        _, after = made(current, content, data.draw(edits(current.catalog)))
        content = after.encode()
        current = read(content)
        assert current.usable


def test_an_amount_is_written_as_it_was_given() -> None:
    assert flow({"eur": Decimal("8.00")}) == "{ eur: 8.00 }"
