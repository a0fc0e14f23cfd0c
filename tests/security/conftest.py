"""The layer as it is shipped: standard rules, packaged weights, a clock that stands still."""

import pytest

from llmaas.catalog.security_rules import standard_rules
from llmaas.generators.compile.security_rules import compile_rules
from llmaas.security import (
    AssessmentCache,
    Engine,
    KeyedDigest,
    MemoryHistoryStore,
    RuleSet,
    Screen,
    packaged_model,
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="session")
def engine() -> Engine:
    return Engine(RuleSet(compile_rules(standard_rules())), packaged_model())


@pytest.fixture(scope="session")
def rules_only(engine: Engine) -> Engine:
    return Engine(engine.rules, None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screen(engine: Engine, clock: Clock) -> Screen:
    ticking = Engine(engine.rules, engine.model, clock=clock)
    return Screen(
        ticking, MemoryHistoryStore(clock=clock), AssessmentCache(100), KeyedDigest(b"test")
    )
