"""An edit on a file: the whole of it or nothing, and never a file that would not be accepted."""

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmaas.catalog.diagnostics import Problem
from llmaas.catalog.edit.operations import Operation, changed
from llmaas.catalog.edit.splicing import NotEditableError, spliced
from llmaas.catalog.reading import CatalogFile, parse_catalog, read_catalog


class EditRefusedError(Exception):
    """An edit that must not be made; nothing was written.

    Attributes:
        remedy: what to do instead.
        problems: what the catalogue would have had to say about it, where that is the reason.
    """

    def __init__(
        self, message: str, remedy: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Edit:
    """What a command changes, and what to say about it.

    Attributes:
        operations: on the catalogue's values, in their order.
        notes: dates and consequences that were computed.
    """

    operations: tuple[Operation, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EditedText:
    """A catalogue before and after an edit."""

    before: str
    after: str


def edited(current: CatalogFile, content: bytes, edit: Edit) -> EditedText:
    """The text of a catalogue after an edit, checked but not written.

    Args:
        current: the catalogue as it was read.
        content: the bytes it was read from.
        edit: what to change.

    Raises:
        EditRefusedError: the catalogue has errors, before or after.
    """
    if not current.usable:
        raise EditRefusedError(
            f"{current.path} has errors, so nothing was changed",
            "mend them first",
            current.problems,
        )
    before = content.decode("utf-8")
    try:
        after = spliced(before, edit.operations)
    except NotEditableError as error:
        raise EditRefusedError(
            f"{current.path}: {error}", "write this change by hand; `llmaas check` judges it"
        ) from error
    result = parse_catalog(after.encode("utf-8"), current.path)
    errors = [problem for problem in result.problems if problem.severity == "error"]
    if errors:
        raise EditRefusedError(
            "the catalogue would have errors, so nothing was changed",
            "give other values, or mend what they contradict first",
            errors,
        )
    if result.document.value != changed(current.document.value, edit.operations):
        raise EditRefusedError(
            f"{current.path} is written in a way in which this edit cannot be made safely",
            "write this change by hand; `llmaas check` judges it",
        )
    return EditedText(before, after)


def write_edited(path: Path, edit: Edit) -> EditedText:
    """Make an edit in a file.

    The new text is written beside it, read back as a catalogue, and put in its place at once.

    Raises:
        EditRefusedError: nothing was written, for the reason it names.
        OSError: the directory cannot be written to.
    """
    current = read_catalog(path)
    content = path.read_bytes() if current.catalog is not None else b""
    result = edited(current, content, edit)
    target = path.resolve()  # what a link points to is edited, the link stays
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(result.after.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, temporary)
        if not read_catalog(temporary).usable or path.read_bytes() != content:
            raise EditRefusedError(
                f"{path} was changed by somebody else meanwhile, so nothing was written",
                "run the command again",
            )
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return result
