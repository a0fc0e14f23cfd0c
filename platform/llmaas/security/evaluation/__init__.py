"""Measuring the layer: labelled prompts in, every promised figure out."""

from llmaas.security.evaluation.report import evaluate, read_items

__all__ = ["evaluate", "read_items"]
