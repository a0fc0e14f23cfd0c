"""Ids name one thing, and a list says each thing once."""

from collections.abc import Iterable, Iterator, Sequence

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog
from llmaas.catalog.rules.finding import Finding


def ids_are_unique(catalog: Catalog) -> Iterator[Finding]:
    """In every list whose entries have ids; model ids are judged with their aliases."""
    lists: tuple[tuple[Loc, Sequence[str]], ...] = (
        (("service", "regions"), [entry.id for entry in catalog.service.regions]),
        (("compliance",), [entry.id for entry in catalog.compliance]),
        (("endpoints",), [entry.id for entry in catalog.endpoints]),
        (("integrations",), [entry.id for entry in catalog.integrations]),
        (("tiers",), [entry.id for entry in catalog.tiers]),
        (("security", "checks"), [entry.id for entry in catalog.security.checks]),
        (("fleet", "machines"), [entry.id for entry in catalog.fleet.machines]),
    )
    for loc, ids in lists:
        for index, first in _repeated(ids):
            yield Finding(
                (*loc, index, "id"),
                "duplicate-id",
                f"a second entry of `{loc[-1]}` has the id `{ids[index]}`",
                "remove or rename one of them",
                first=(*loc, first, "id"),
            )


def model_names_are_unique(catalog: Catalog) -> Iterator[Finding]:
    """A request names a model by its id or an alias, so each name leads to one model only."""
    places: dict[str, tuple[Loc, str]] = {}
    for index, model in enumerate(catalog.models):
        here: Loc = ("models", index)
        names = [((*here, "id"), model.id)]
        names += [((*here, "aliases", at), alias) for at, alias in enumerate(model.aliases)]
        for loc, name in names:
            known = places.setdefault(name.casefold(), (loc, model.id))
            if known[0] != loc:
                yield Finding(
                    loc,
                    "duplicate-model-name",
                    f"`{name}` already names the model `{known[1]}`",
                    "every id and alias leads to one model: rename or remove one of them",
                    first=known[0],
                )


def lists_repeat_nothing(catalog: Catalog) -> Iterator[Finding]:
    """Languages, capabilities and other lists of plain values."""
    for loc, values in _plain_lists(catalog):
        for index, first in _repeated(values):
            place: Loc = (*loc, index)
            yield Finding(
                place,
                "duplicate-entry",
                f"`{values[index]}` stands in `{loc[-1]}` already",
                "remove one of them",
                first=(*loc, first),
            )


def _plain_lists(catalog: Catalog) -> Iterator[tuple[Loc, Sequence[str]]]:
    yield ("service", "languages"), catalog.service.languages
    yield ("service", "support", "languages"), catalog.service.support.languages
    for index, model in enumerate(catalog.models):
        here: Loc = ("models", index)
        yield (*here, "input_modalities"), model.input_modalities
        yield (*here, "output_modalities"), model.output_modalities
        yield (*here, "capabilities"), model.capabilities
        yield (*here, "endpoints"), model.endpoints
        yield (*here, "exceptions"), [exception.rule for exception in model.exceptions]
        yield (*here, "tags"), model.tags
        yield (*here, "use_cases"), model.use_cases
        yield (*here, "serving", "machines"), model.serving.machines


def _repeated(values: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Index of every repetition, with the index of what it repeats."""
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        first = seen.setdefault(value, index)
        if first != index:
            yield index, first
