"""Tool calls in the text of a model: how each family writes them, reads results, is held to one."""

from llmaas.workers.tool_calls.choice import (
    begun_call_grammar,
    call_grammar,
    call_or_content_grammar,
)
from llmaas.workers.tool_calls.formats import call_reader, visible_markers
from llmaas.workers.tool_calls.history import for_template, without_tool_roles
from llmaas.workers.tool_calls.reading import CallReader, Parsed

__all__ = [
    "CallReader",
    "Parsed",
    "begun_call_grammar",
    "call_grammar",
    "call_or_content_grammar",
    "call_reader",
    "for_template",
    "visible_markers",
    "without_tool_roles",
]
