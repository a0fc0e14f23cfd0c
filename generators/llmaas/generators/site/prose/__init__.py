"""Pages of prose: one French source each, cut into units, translated, filled with facts."""

from llmaas.generators.site.prose.pages import Prose, render_prose

__all__ = ["Prose", "render_prose"]
