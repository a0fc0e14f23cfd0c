"""Small GGUF files the project makes itself, so that every model id answers before a download."""

from llmaas.workers.stand_in.files import StandIns, make_stand_ins

__all__ = ["StandIns", "make_stand_ins"]
