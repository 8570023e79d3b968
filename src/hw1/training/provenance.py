"""How a run was made: facts that vary between attempts and machines; nothing depends on them."""

import contextlib
import json
import platform
import re
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from hw1.results.files import replacing


def processor() -> str:
    """The name that the processor gives itself."""
    with contextlib.suppress(OSError):  # only Linux has this file
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if name := re.search(r"^model name\s*: (.*)$", facts, re.MULTILINE):
            return name[1]
    return platform.processor() or platform.machine()


def write(path: Path, device: torch.device, seconds: float) -> None:
    """Write the facts of a run that has just been trained."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True).stdout.strip() or None
    except OSError:  # there is no git
        commit = None
    peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, else KiB
    device_name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    facts = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "training_seconds": round(seconds, 3),
        "peak_memory_mib": peak_memory // (1024**2 if sys.platform == "darwin" else 1024),
        "host": platform.node(),
        "platform": platform.platform(),
        "device": device_name or device.type,
        "processor": processor(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "commit": commit,
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
