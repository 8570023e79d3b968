"""Named arrays in one uncompressed .npz file, which carries a digest of itself."""

import io
import os
from pathlib import Path

import numpy as np

from hw1.results.files import MAKE_AGAIN, check_sealed, replacing, sealed

Arrays = dict[str, np.ndarray]


def save(path: str | os.PathLike, arrays: Arrays) -> None:
    """Write `arrays`, whole or not at all; the same arrays give the same bytes."""
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **arrays)
    with replacing(path) as temporary:
        temporary.write_bytes(sealed(content.getvalue()))


def load(path: str | os.PathLike) -> Arrays:
    """Read a file that `save` wrote, and check its digest.

    Raises ValueError where it is damaged or holds a number that is not finite.
    """
    content = Path(path).read_bytes()
    try:
        check_sealed(content)
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except Exception as error:  # BadZipFile, EOFError, ValueError, NotImplementedError and others
        raise ValueError(f"{path} is damaged ({error}): {MAKE_AGAIN}") from error
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            index = int(np.argwhere(~np.isfinite(array))[0, 0])
            raise ValueError(f"{path}: {name}[{index}] is not a finite number: {MAKE_AGAIN}")
    return arrays
