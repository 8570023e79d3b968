"""torchvision's downloads of MNIST and its likes, also where its compiled operators do not load.

A torchvision built for CUDA beside a CPU-only torch cannot load its operators; importing it then
fails while it registers shape functions for two of them ("operator torchvision::nms does not
exist"). Downloads need neither, so declaring the two is enough. Where the operators load,
nothing is declared: PyTorch would refuse a second declaration.
"""

import importlib.util
from pathlib import Path

import torch

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


def compiled_operators_load() -> bool:
    """Whether torchvision's shared library loads into this torch."""
    package = importlib.util.find_spec("torchvision")
    if package is None or package.origin is None:
        return False
    libraries = [
        path
        for path in Path(package.origin).parent.glob("_C*")
        if path.suffix in {".so", ".pyd", ".dylib"}
    ]
    try:
        for library in libraries:
            torch.ops.load_library(library)
    except OSError:
        return False
    return bool(libraries)


if not compiled_operators_load():
    declarations = torch.library.Library("torchvision", "DEF")  # lives as long as this module
    for operator in OPERATORS:
        declarations.define(operator)

from torchvision.datasets import mnist  # noqa: E402  (the declarations must come first)
from torchvision.datasets.utils import download_url  # noqa: E402

__all__ = ["compiled_operators_load", "download_url", "mnist"]
