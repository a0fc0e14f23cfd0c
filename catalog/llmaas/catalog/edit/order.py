"""The order in which the schema names the keys of a mapping: new keys are put where it has them."""

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from llmaas.catalog.document import Loc
from llmaas.catalog.model import Catalog, Record


def keys_in_order(loc: Loc) -> tuple[str, ...]:
    """The keys of the mapping at `loc`; empty where the schema has no mapping there."""
    annotation: Any = Catalog
    for step in loc:
        if isinstance(step, int):
            annotation = _bare(get_args(annotation)[0])
        else:
            annotation = _bare(annotation.model_fields[step].annotation)
    is_record = isinstance(annotation, type) and issubclass(annotation, Record)
    return tuple(annotation.model_fields) if is_record else ()


def _bare(annotation: Any) -> Any:
    """Without options and constraints."""
    while get_origin(annotation) in {Annotated, Union, UnionType}:
        inner = get_args(annotation)
        annotation = next(one for one in inner if one is not type(None))
    return annotation
