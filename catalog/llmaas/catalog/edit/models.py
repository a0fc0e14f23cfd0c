"""Edits that add: a model, or a name for one."""

from collections.abc import Mapping
from typing import Any

from llmaas.catalog.edit.applying import Edit, EditRefusedError
from llmaas.catalog.edit.finding import find_model
from llmaas.catalog.edit.operations import Add, Put
from llmaas.catalog.model import Catalog, Model


def add_model(catalog: Catalog, facts: Mapping[str, Any]) -> Edit:
    """Offer a model more, at the end of the list.

    Args:
        catalog: what the file holds.
        facts: its keys and values as they stand in the YAML, in any order.

    Raises:
        EditRefusedError: the id or an alias is taken.
    """
    for name in (facts["id"], *facts.get("aliases", ())):
        for model in catalog.models:
            if name == model.id or name in model.aliases:
                raise EditRefusedError(
                    f"`{name}` names the model `{model.id}` already", "choose another name"
                )
    given = {key: value for key, value in facts.items() if value is not None}
    in_order = {key: given[key] for key in Model.model_fields if key in given}
    return Edit((Add(("models",), in_order | given),), (f"{facts['id']} is added",))


def add_alias(catalog: Catalog, name: str, alias: str) -> Edit:
    """Let requests name a model by one more name.

    Raises:
        EditRefusedError: the name is taken.
    """
    index, model = find_model(catalog, name)
    for other in catalog.models:
        if alias == other.id or alias in other.aliases:
            raise EditRefusedError(
                f"`{alias}` names the model `{other.id}` already", "choose another name"
            )
    note = f"requests for {alias} are answered by {model.id}"
    loc = ("models", index, "aliases")
    if model.aliases:
        return Edit((Add(loc, alias),), (note,))
    return Edit((Put(loc, (alias,)),), (note,))
