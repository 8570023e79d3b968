"""Random streams: every random number of a run is a function of its seed and its purpose."""

import numpy as np
import torch

PURPOSES = ("initialisation", "batches", "labels", "examples", "dropout")


def stream_seed(key: tuple[int, int], purpose: str, index: int = 0) -> int:
    """Return a 63-bit seed for one `purpose` of a run.

    `key` is the run's seed and the stream of its variant. `index` numbers the draws of one
    purpose, such as the batch orders of the epochs, so that any of them can be drawn without
    those before it. Raises ValueError for an unknown purpose.
    """
    sequence = np.random.SeedSequence((*key, PURPOSES.index(purpose), index))
    return int(sequence.generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(key: tuple[int, int], purpose: str, index: int = 0) -> torch.Generator:
    """Return a CPU generator, so that the numbers are the same whatever device trains."""
    return torch.Generator().manual_seed(stream_seed(key, purpose, index))
