"""Models, tiers and prices by the names that people type."""

from collections.abc import Sequence

from llmaas.catalog.edit.applying import EditRefusedError
from llmaas.catalog.model import Catalog, Model
from llmaas.catalog.wording import closest


def find_model(catalog: Catalog, name: str) -> tuple[int, Model]:
    """A model by its id or an alias, with its index.

    Raises:
        EditRefusedError: there is none.
    """
    for index, model in enumerate(catalog.models):
        if name == model.id or name in model.aliases:
            return index, model
    names = [one for model in catalog.models for one in (model.id, *model.aliases)]
    raise EditRefusedError(
        f"the catalogue has no model `{name}`",
        meant(name, names) or "`llmaas models list` shows every model",
    )


def meant(word: str, known: Sequence[str]) -> str | None:
    """A question with the known word that was probably meant."""
    near = closest(word, tuple(known))
    return f"did you mean `{near}`?" if near else None
