"""Where tensors live, and what makes the same computation give the same bits."""

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
    """Fix what could make the same run differ: threads, kernel choice, denormal numbers."""
    # Sums depend on how many threads share them, so this is part of the result, not of the
    # machine. Two jobs on two cores also finish sooner than one job on two threads.
    torch.set_num_threads(1)
    # As use_deterministic_algorithms(True), which imports torch's compiler, and with it a second.
    torch.set_deterministic_debug_mode("error")
    # Every new tensor would be filled with NaN first. What nobody reads needs no value. (The
    # module gets this property as it is imported, which mypy cannot see.)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    # The gradients of dead ReLUs leave Adam with denormal averages, which are many times slower.
    torch.set_flush_denormal(True)
