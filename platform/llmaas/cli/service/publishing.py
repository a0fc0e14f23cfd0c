"""From a source of facts to a bundle in the store, and to what is served from then on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from llmaas.bundle import Bundle, BundleError, bundle_files, read_document, read_manifest
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.service.bundle_store import BundleStore
from llmaas.cli.service.history import Action, Entry
from llmaas.cli.service.who import this_user
from llmaas.cli.state import StateDir, writing
from llmaas.cli.version import program_version


def store_of(state: StateDir) -> BundleStore:
    """The bundles of a state directory."""
    return BundleStore(root=state.bundles, link=state.bundle)


def compiled_files(bundle: Bundle, catalogue_sha256: str) -> dict[str, str]:
    """A bundle as files, with the description of the API that it gives."""
    from llmaas.gateway import openapi_document

    documents = {"openapi.json": openapi_document(bundle)}
    return bundle_files(bundle, catalogue_sha256=catalogue_sha256, documents=documents)


def files_of(directory: Path) -> dict[str, str]:
    """The files of a bundle that somebody generated, each as its manifest vouches for it.

    Raises:
        CommandError: it is no bundle, or altered.
    """
    try:
        names = [entry.path for entry in read_manifest(directory).files]
        files = {name: read_document(directory, name).decode() for name in names}
        return {**files, "manifest.json": (directory / "manifest.json").read_text()}
    except (BundleError, OSError, UnicodeDecodeError) as error:
        raise CommandError(Exit.PROBLEMS, str(error)) from error


def publish(state: StateDir, files: Mapping[str, str], *, catalogue: bytes | None) -> str:
    """Put a bundle into the store, verified, and return its id; what is served stays.

    Raises:
        CommandError: the files are no bundle, or cannot be written.
    """
    with writing(state):
        try:
            return store_of(state).publish(files, catalogue=catalogue)
        except BundleError as error:
            raise CommandError(Exit.PROBLEMS, str(error)) from error


def put_in_place(state: StateDir, bundle: str, action: Action, *, running: bool) -> bool:
    """Make a bundle what is served, where no running service has to be asked.

    Returns:
        Whether another one was served before. Only then is it written into the history.
    """
    store = store_of(state)
    if store.current == bundle:
        return False
    with writing(state):
        store.point_to(bundle)
        store.record(
            Entry(
                at=datetime.now(UTC),
                by=this_user(),
                action=action,
                bundle=bundle,
                catalogue_sha256=read_manifest(store.directory(bundle)).catalogue_sha256,
                program_version=program_version(),
                outcome="serving",
                running=running,
            )
        )
    return True
