"""Which models one machine serves, and from which weights."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from shlex import quote

from llmaas.accounts import Accounts
from llmaas.bundle import Bundle, LifecycleEntry, Phase, Route, phase_at
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.announce import Started
from llmaas.cli.service.listener import Listener
from llmaas.cli.service.machine import machine_name, memory_bytes, worker_threads
from llmaas.cli.service.running import Service
from llmaas.cli.service_day import today_of
from llmaas.cli.state import StateDir, state_dir
from llmaas.workers import RemoteMachine, ServedModel, plan_deployment
from llmaas.workers.stand_in import StandIns


@dataclass(frozen=True)
class Deployment:
    """A bundle and, by pool, the weights found for it."""

    bundle: Bundle
    served: dict[str, ServedModel]

    @property
    def models(self) -> tuple[str, ...]:
        """Ids that can be called today, in the order of the bundle."""
        return tuple(route.model for route in self._callable if route.pool in self.served)

    @property
    def without_weights(self) -> tuple[str, ...]:
        """Ids that could be called today if there were weights for them."""
        return tuple(route.model for route in self._callable if route.pool not in self.served)

    @property
    def _callable(self) -> tuple[Route, ...]:
        today = today_of(self.bundle.service)()
        answers = {e.model for e in self.bundle.lifecycle if phase_at(e, today).callable}
        return tuple(route for route in self.bundle.routing if route.model in answers)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Those of `models` that answer from stand-in weights."""
        pools = {route.model: route.pool for route in self.bundle.routing}
        return tuple(model for model in self.models if self.served[pools[model]].stand_in)

    @property
    def example(self) -> str | None:
        """A model to try: one that chats, if possible pinned, which is the operator's favourite."""
        chats = {r.model for r in self.bundle.routing if "chat.completions" in r.endpoints}
        pools = {route.model: route.pool for route in self.bundle.routing}
        entries = {entry.model: entry for entry in self.bundle.lifecycle}
        today = today_of(self.bundle.service)()

        def reluctance(model: str) -> tuple[bool, bool, bool]:
            served = self.served[pools[model]]
            leaving = phase_at(entries[model], today).leaving
            return served.stand_in, not served.spec.pinned, leaving

        return min((model for model in self.models if model in chats), key=reluctance, default=None)

    def service(
        self,
        *,
        catalogue_sha256: str,
        accounts: Accounts,
        docs_dir: Path | None,
        memory_budget_bytes: int | None,
        admin_token: str | None,
        windows: str | None = None,
        machines: tuple[RemoteMachine, ...] = (),
    ) -> Service:
        """The service of this deployment on this machine."""
        return Service(
            bundle=self.bundle,
            catalogue_sha256=catalogue_sha256,
            deployment=self.served,
            accounts=accounts,
            docs_dir=docs_dir,
            today=today_of(self.bundle.service),
            memory_budget_bytes=memory_budget_bytes or memory_bytes() // 2,
            machine_name=machine_name(),
            n_threads=worker_threads(),
            admin_token=admin_token,
            windows=windows,
            machines=machines,
        )

    def started(
        self,
        listener: Listener,
        *,
        docs: bool,
        api_key: str | None,
        state: StateDir,
        catalog: Path | None = None,
    ) -> Started:
        """What to say once it answers; `catalog` is the one that was asked for."""
        return Started(
            base_url=f"{listener.url}/v1",
            docs_url=f"{listener.url}/docs/" if docs else None,
            loopback=listener.loopback,
            api_key=api_key,
            models=self.models,
            stand_ins=self.stand_ins,
            without_weights=self.without_weights,
            example=self.example,
            state_dir=state.root,
            pull_options=_pull_options(state, catalog),
        )


def _pull_options(state: StateDir, catalog: Path | None) -> str:
    """What `llmaas pull` must be told so that it puts weights where this service looks."""
    given = {"--catalog": catalog, "--state-dir": None if state == state_dir(None) else state.root}
    return "".join(f" {name} {quote(str(path))}" for name, path in given.items() if path)


def deploy(
    bundle: Bundle,
    *,
    weights_dir: Path,
    stand_ins: StandIns | None,
    machines: Collection[str] = (),
) -> Deployment:
    """Find the weights of every model, stand-ins filling in where they are allowed.

    Raises:
        CommandError: models have no weights and stand-ins are not allowed, or none is left.
    """
    deployment = Deployment(
        bundle,
        plan_deployment(
            bundle.workers,
            weights_dir=weights_dir,
            stand_ins=stand_ins,
            placements=bundle.placement.placements,
            machines=machines,
        ),
    )
    if stand_ins is None:
        _require_weights(deployment, weights_dir)
    if not deployment.models:
        raise _nothing_to_serve(deployment)
    return deployment


def _nothing_to_serve(deployment: Deployment) -> CommandError:
    entries = {entry.model: entry for entry in deployment.bundle.lifecycle}
    reasons = [
        _why_not_callable(entries[route.model], today_of(deployment.bundle.service)())
        for route in deployment.bundle.routing
    ]
    listed = "; ".join(reasons[:3]) + (" …" if len(reasons) > 3 else "")
    return CommandError(
        Exit.PROBLEMS,
        f"no model can be called today{f': {listed}' if listed else ''}",
        "`llmaas models list` shows the dates of every model",
    )


def _why_not_callable(entry: LifecycleEntry, today: date) -> str:
    phase = phase_at(entry, today)
    if phase is Phase.RETIRED:
        successor = f", its successor is {entry.successor}" if entry.successor else ""
        return f"{entry.model} was retired on {entry.removed_on}{successor}"
    if phase is Phase.UPCOMING:
        return f"{entry.model} is released on {entry.released_on}"
    return f"{entry.model} has no weights here"


def _require_weights(deployment: Deployment, weights_dir: Path) -> None:
    """Refuse to leave out a model silently."""
    missing = deployment.without_weights
    if missing:
        listed = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        total = len(missing) + len(deployment.models)
        raise CommandError(
            Exit.CANNOT_START,
            f"{len(missing)} of {total} models have no weights in {weights_dir}: {listed}",
            "pull them (llmaas pull MODEL), name the models to serve (--models), or serve "
            "stand-in weights in their place (--allow-stand-ins)",
        )
