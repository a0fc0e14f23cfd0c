"""From a bundle of the store to the service that a running process becomes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from llmaas.bundle import Bundle, read_bundle, read_manifest
from llmaas.cli.docs.site import cached_site, docs_available
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.model_ids import only, resolve_ids
from llmaas.cli.service.bundle_store import BundleStore
from llmaas.cli.service.deployment import deploy
from llmaas.cli.service.running import Service
from llmaas.cli.service_day import today_of
from llmaas.workers.stand_in import StandIns


@dataclass(frozen=True)
class Preparing:
    """What was asked at the start, and holds for every version after it; see `reload.Prepare`."""

    store: BundleStore
    models: tuple[str, ...]
    """Serve only these; empty is all."""
    weights_dir: Path
    stand_ins: StandIns | None
    docs_dir: Path | None
    """Where documentation is built; `None` where this service builds none."""
    machines: frozenset[str] = frozenset()
    """Others on which models may run."""
    api_base_url: str | None = None
    """What the documentation tells readers to call; `None` is what the catalogue names."""

    def __call__(self, bundle_id: str, before: Service, progress: Callable[[str], None]) -> Service:
        """The service of a bundle, with what outlives it taken over from the one before.

        Raises:
            BundleError: it is missing, altered or of another version.
            CommandError: its models cannot be deployed, or its documentation not be built.
        """
        progress("Verify the bundle")
        directory = self.store.directory(bundle_id)
        bundle = read_bundle(directory)
        sha256 = read_manifest(directory).catalogue_sha256
        deployment = deploy(
            asked_for(bundle, self.models),
            weights_dir=self.weights_dir,
            stand_ins=self.stand_ins,
            machines=self.machines,
        )
        docs = before.docs_dir
        if self.docs_dir is not None and docs_available():
            progress("Build the documentation")
            docs = self._site(
                bundle_id, bundle, sha256, before.docs_dir, bool(deployment.stand_ins)
            )
        return deployment.service(
            catalogue_sha256=sha256,
            accounts=before.accounts,
            docs_dir=docs,
            memory_budget_bytes=before.memory_budget_bytes,
            admin_token=before.admin_token,
            windows=before.windows,
            machines=before.machines,
        )

    def _site(
        self, bundle_id: str, bundle: Bundle, sha256: str, keep: Path | None, stand_in: bool
    ) -> Path | None:
        from llmaas.cli.sources import read_valid
        from llmaas.generators import catalogue_sha256

        path = self.store.catalogue(bundle_id)
        if not path.is_file():
            return None  # the reference bundle has no catalogue beside it
        catalog_file = read_valid(path)
        assert catalog_file.catalog is not None
        if catalogue_sha256(catalog_file.catalog) != sha256:
            raise CommandError(
                Exit.PROBLEMS,
                f"{path} is not the catalogue that {bundle_id} was compiled from",
                "apply the catalogue again: llmaas apply",
            )
        assert self.docs_dir is not None
        return cached_site(
            catalog_file,
            self.docs_dir,
            catalogue_sha256=sha256,
            today=today_of(bundle.service)(),
            stand_in=stand_in,
            api_base_url=self.api_base_url,
            progress=lambda _done, _total: None,
            keep=keep,
        )


def asked_for(bundle: Bundle, models: tuple[str, ...]) -> Bundle:
    """The bundle, or only these models of it.

    Raises:
        CommandError: one of them is not in it.
    """
    return only(bundle, resolve_ids(bundle, models)) if models else bundle
