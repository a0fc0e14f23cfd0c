"""From a path to a catalogue or its problems: reading, then structure, then rules."""

from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from llmaas.catalog.codes import CODES
from llmaas.catalog.diagnostics import Problem
from llmaas.catalog.document import Document
from llmaas.catalog.loader import load
from llmaas.catalog.model import Catalog
from llmaas.catalog.rules import Finding, findings
from llmaas.catalog.structure import read_structure


@dataclass(frozen=True)
class CatalogFile:
    """A catalogue as it was read.

    Attributes:
        path: as the caller gave it; problems print it so.
        sha256: of the file's bytes.
        catalog: `None` where the file has not the structure of one; not to be used unless `usable`.
        problems: by line and column.
        document: where everything stands, for problems that others find.
    """

    path: Path
    sha256: str
    catalog: Catalog | None
    problems: tuple[Problem, ...]
    document: Document = field(repr=False)

    @property
    def usable(self) -> bool:
        """Whether there is a catalogue without an error; warnings do not count."""
        return self.catalog is not None and not any(
            problem.severity == "error" for problem in self.problems
        )


def read_catalog(path: Path, today: date | None = None) -> CatalogFile:
    """Read and validate a catalogue; every problem of the first stage that has any.

    Args:
        path: the YAML file.
        today: the day to judge dates by; without it, the rules that depend on a day are left out.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = Problem(
            str(path),
            1,
            1,
            "unreadable-file",
            f"cannot read the catalogue: {(error.strerror or 'input error').lower()}",
            "give the path of an existing catalogue, or write one with `llmaas init`",
        )
        unread = Document(None, {}, {}, (problem,))
        return CatalogFile(path, sha256(b"").hexdigest(), None, (problem,), unread)
    return parse_catalog(content, path, today)


def parse_catalog(content: bytes, path: Path, today: date | None = None) -> CatalogFile:
    """Validate the bytes of a catalogue; `path` is only printed."""
    document = load(content, str(path))
    catalog = None
    problems = document.problems
    if not problems:
        catalog, problems = read_structure(document, str(path))
    if catalog is not None:
        problems = tuple(
            _problem(finding, document, str(path)) for finding in findings(catalog, today)
        )
    return CatalogFile(path, sha256(content).hexdigest(), catalog, _sorted(problems), document)


def _problem(finding: Finding, document: Document, path: str) -> Problem:
    position = document.position(finding.loc)
    remedy = finding.help
    if finding.first is not None:
        remedy = f"the other is at line {document.position(finding.first).line}; {remedy}"
    severity = CODES[finding.code].severity
    return Problem(
        path, position.line, position.column, finding.code, finding.message, remedy, severity
    )


def _sorted(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda one: (one.line, one.column, one.code, one.message)))
