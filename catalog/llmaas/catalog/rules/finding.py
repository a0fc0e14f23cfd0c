"""What a rule reports."""

from dataclasses import dataclass

from llmaas.catalog.document import Loc


@dataclass(frozen=True)
class Finding:
    """A contradiction at a place; `llmaas.catalog.codes` knows how grave it is.

    Attributes:
        loc: the value to blame; where it is not written, what surrounds it is shown.
        code: one of `CODES`.
        message: what is wrong.
        help: what to do.
        first: the other place, where there are two; its line is added to the help.
    """

    loc: Loc
    code: str
    message: str
    help: str
    first: Loc | None = None
