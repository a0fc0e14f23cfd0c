"""The operators' page names every metric, and none that is not there."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.gateway.serving import serving

from llmaas.generators.site.prose.contents import source

PAGE = source("operate/run.md")
EXPRESSIONS = re.compile(r"expr: (?P<expression>.+)")
NAME = re.compile(r"\b(?:llmaas|gen_ai_server)_\w+")


@pytest.fixture
def exposed(tmp_path: Path) -> set[str]:
    with serving(tmp_path, admin_token="for-operators") as gateway:
        text = gateway.http("for-operators").get("/metrics").text
    names = set()
    for family in text_string_to_metric_families(text):
        suffix = "_total" if family.type == "counter" else ""
        names.add(family.name + suffix)
    return {name for name in names if not name.startswith("process_")}


def test_every_metric_has_a_row_and_every_row_a_metric(exposed: set[str]) -> None:
    rows = set(re.findall(r"^\| `((?:llmaas|gen_ai)_\w+)` \|", PAGE, re.MULTILINE))
    assert rows == exposed


def test_alerts_ask_for_metrics_that_are_there(exposed: set[str]) -> None:
    asked = {
        name.removesuffix("_bucket")
        for match in EXPRESSIONS.finditer(PAGE)
        for name in NAME.findall(match["expression"])
    } - {"llmaas"}
    assert asked
    assert asked <= exposed
