"""Compiling: what people wrote becomes what programs obey.

One file per table, each a pure function of the catalogue. Every decision about serving is taken
here, so that neither a template nor the gateway has to take one.
"""

from llmaas.generators.compile.bundle import compile_bundle

__all__ = ["compile_bundle"]
