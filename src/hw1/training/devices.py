"""The device of tensors, and the settings that give the same bits for the same computation."""

import torch


def choose_device(name: str) -> torch.device:
    """Return the device called `name`; `auto` is CUDA, then MPS, then the CPU.

    Raises ValueError where the named device is not on this machine.
    """
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if name == "auto":
        name = next(device for device, present in available.items() if present)
    if not available[name]:
        present = [device for device, is_there in available.items() if is_there]
        raise ValueError(f"device {name} is not on this machine: use auto or {', '.join(present)}")
    return torch.device(name)


def make_reproducible() -> None:
    """Fix the settings that could make equal runs differ: threads, kernels, denormal numbers."""
    # Sums depend on the number of threads, so it is part of the result, not of the machine. Two
    # jobs on two cores also finish sooner than one job on two threads.
    torch.set_num_threads(1)
    # The same as use_deterministic_algorithms(True), which imports torch's compiler in a second.
    torch.set_deterministic_debug_mode("error")
    # Otherwise every new tensor would be filled with NaN first, which nothing reads. (The module
    # gets this property as it is imported, which mypy cannot see.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    # Dead ReLUs leave denormal averages in Adam, which are many times slower.
    torch.set_flush_denormal(True)
