"""Accounts on a simulated clock, in SQLite and in PostgreSQL."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
import redis
from tests.missing import missing
from tests.valkey import running_valkey

from llmaas.accounts import schema
from llmaas.accounts.accounts import Accounts
from llmaas.accounts.administration import Administration
from llmaas.accounts.directory import Directory
from llmaas.accounts.meter import Meter
from llmaas.accounts.store import Store
from llmaas.bundle import (
    Bundle,
    PlacementTable,
    Price,
    PriceStep,
    Route,
    SecurityPolicy,
    Service,
    TierPolicy,
)

MASTER = b"a master secret of thirty-two b."
PARIS = ZoneInfo("Europe/Paris")
NOON_MS = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
TIER = TierPolicy("tier-1", "prepaid", Decimal(200), Decimal(1000), 150_000, 3_600_000)
CONTRACT = TierPolicy("contract", "contract", None, None, None, None)


@dataclass
class Clock:
    """Time as a test tells it."""

    now_ms: int = NOON_MS

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


def price(price_id: str, *steps: tuple[str, str], unit: str = "million_tokens") -> Price:
    rows = tuple(PriceStep(date.fromisoformat(day), Decimal(eur)) for day, eur in steps)
    rounding = "up" if unit == "started_minute" else "exact"
    return Price(price_id, unit, rows, rounding)  # type: ignore[arg-type]


def route(model: str = "granite3.3:8b") -> Route:
    return Route(
        model=model,
        aliases=(),
        display_name=model,
        publisher="Example",
        endpoints=("chat.completions",),
        capabilities=(),
        input_modalities=("text",),
        output_modalities=("text",),
        context_tokens=None,
        root=model,
        pool=model,
        kwh_per_mtok=Decimal("2.5"),
    )


def bundle(*tiers: TierPolicy) -> Bundle:
    return Bundle(
        service=Service(
            name="LLMaaS",
            operator="Example SAS",
            base_url="https://api.example.test/v1",
            time_zone="Europe/Paris",
            languages=("fr",),
            owned_by="Example",
            removal_notice_months=3,
        ),
        routing=(route(),),
        lifecycle=(),
        prices=(
            price("input", ("2026-01-01", "1"), ("2026-12-01", "2")),
            price("output", ("2026-01-01", "10")),
            price("reasoning_output", ("2026-01-01", "10")),
            price("audio", ("2026-01-01", "0.01"), unit="started_minute"),
        ),
        tiers=tiers or (TIER, CONTRACT),
        security=SecurityPolicy(
            enabled=False,
            checks=(),
            flag_score=Decimal(1),
            block_score=Decimal(1),
            repetition_limit=1,
            repetition_window_s=1,
            repetition_action="flag",
        ),
        workers=(),
        placement=PlacementTable((), ()),
    )


def columns_of_the_schema() -> list[tuple[str, str]]:
    """Tables and columns as the newest migrations leave them, on either database."""
    found, table = [], ""
    for line in "\n".join(schema.MIGRATIONS).splitlines():
        words = line.split()
        if words[:2] == ["create", "table"]:
            table = words[2]
        elif words[:2] == ["alter", "table"]:
            found.append((words[2], words[5]))
        elif line.startswith("  ") and words[0] != "primary":
            found.append((table, words[0]))
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of the maintenance database of a PostgreSQL of our own."""
    found = shutil.which("initdb") or next(
        iter(sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)), None
    )
    if found is None:
        missing("PostgreSQL is not installed (apt-get install postgresql)")
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    directory = tmp_path_factory.mktemp("postgresql")
    for path in (directory, *directory.parents[:2]):
        path.chmod(0o755)
    if as_user:
        shutil.chown(directory, "postgres")
    data, binaries = directory / "data", Path(found).parent
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "llmaas", "-A", "trust", "-N"]
    subprocess.run([*as_user, *initdb], check=True, capture_output=True, cwd=directory)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-D", str(data), "-p", str(port), "-k", str(directory), "-h", "127.0.0.1", "-F"]
    server = subprocess.Popen(
        [*as_user, str(binaries / "postgres"), *options],
        cwd=directory,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"postgresql://llmaas@127.0.0.1:{port}/postgres"
    try:
        for _ in range(200):
            try:
                psycopg.connect(url).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.05)
        yield url
    finally:
        # The child of `runuser` is the server; SIGINT is its fast shutdown.
        pid = int((data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 2)
        server.wait(30)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Valkey or Redis of our own."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield url


@pytest.fixture
def fresh(valkey: str) -> str:
    with redis.Redis.from_url(valkey) as client:
        client.flushall()
    return valkey


@dataclass
class Databases:
    """Makes databases; a name given twice is the same one."""

    make: Callable[[str], Path | str]
    made: dict[str, Path | str] = field(default_factory=dict)

    def __call__(self, name: str = "accounts") -> Path | str:
        if name not in self.made:
            self.made[name] = self.make(name)
        return self.made[name]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Databases:
    if request.param == "sqlite":
        return Databases(lambda name: tmp_path / f"{name}.db")
    url = request.getfixturevalue("postgresql_server")

    def make(name: str) -> str:
        fresh = f"{name}_{abs(hash(str(tmp_path))):x}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'create database "{fresh}" template template0'.encode())
        return str(url).replace("/postgres", f"/{fresh}")

    return Databases(make)


@pytest.fixture
def place(databases: Databases) -> Path | str:
    return databases()


@pytest.fixture
def store(place: Path | str, clock: Clock) -> Iterator[Store]:
    store = Store(place, master=MASTER, clock_ms=clock)
    yield store
    store.close()


@pytest.fixture
def directory(store: Store) -> Directory:
    return Directory(store)


@pytest.fixture
def administration(store: Store, directory: Directory) -> Administration:
    return Administration(store, directory)


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    return tmp_path / "journals"


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all of a test: connections to a server live on it."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def accounts(
    request: pytest.FixtureRequest,
    place: Path | str,
    clock: Clock,
    journals: Path,
    runner: asyncio.Runner,
) -> Iterator[Accounts]:
    """On SQLite with the book of the only process, on PostgreSQL with the book in Valkey."""
    windows = None if isinstance(place, Path) else str(request.getfixturevalue("fresh"))
    store = Store(place, master=MASTER, clock_ms=clock)
    accounts = Accounts(store, journals=journals, time_zone=PARIS, windows=windows)
    yield accounts
    runner.run(accounts.limiter.close())
    accounts.close()


@pytest.fixture
def meter(accounts: Accounts) -> Meter:
    return Meter(accounts, bundle())
