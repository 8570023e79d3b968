"""Networks, their training and what is said of them; `hw1.load` gives a trained one."""

import importlib


def __getattr__(name: str) -> object:
    """`load`, imported when it is asked for: scripts that draw need no torch, and by its name, or
    whatever it imports would count as part of every script."""
    if name == "load":
        return importlib.import_module("hw1.training.predictor").load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
