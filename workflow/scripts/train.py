"""Train one run: its settings and a data set in, checkpoint and history out."""

import argparse
import functools
import hashlib
import json
import platform
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from hw1 import arrays, checkpoints, devices, inputs, models, tables, training
from hw1.architectures import example_shape
from hw1.command import one_line_errors
from hw1.files import replacing

log = functools.partial(print, flush=True)


def fingerprint(settings: str, device: torch.device, files: list[Path]) -> str:
    """Digest of all that a run is a function of: settings, device, torch, code and data."""
    digest = hashlib.sha256(f"{settings}\n{device}\n{torch.__version__}".encode())
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def provenance(device: torch.device, seconds: float) -> dict:
    """What varies between attempts and machines; nothing depends on it."""
    command = ["git", "-C", Path(__file__).parent, "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True).stdout.strip() or None
    except OSError:  # there is no git
        commit = None
    peak_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, else KiB
    device_name = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "training_seconds": round(seconds, 3),
        "peak_memory_mib": peak_memory // (1024**2 if sys.platform == "darwin" else 1024),
        "host": platform.node(),
        "platform": platform.platform(),
        "device": device_name or device.type,
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "commit": commit,
    }


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON: all settings of the run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--code", type=Path, nargs="+", required=True, help="files the run is of")
    parser.add_argument("--device", required=True)
    parser.add_argument("--resume-interval", type=float, required=True, help="seconds")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--provenance", type=Path, required=True)
    args = parser.parse_args()

    devices.make_reproducible()
    settings = json.loads(args.settings)
    key = (settings["seed"], settings["stream"])
    device = devices.choose_device(args.device)
    identity = fingerprint(args.settings, device, [*args.code, args.data])
    resume = checkpoints.ResumeFile(
        args.checkpoint.with_suffix(".resume"), identity, args.resume_interval
    )
    with checkpoints.exclusive(args.checkpoint.with_suffix(".lock"), log):
        if kept := checkpoints.restore(args.checkpoint, identity):
            log("nothing to train: settings, code and data are those of the result that is there")
            tables.write(args.history, tables.identify(settings, json.loads(kept["history"])))
            return
        splits = inputs.tensors(arrays.load(args.data), settings, device)
        model = models.build(settings["model"], *example_shape(settings), key).to(device)
        trained = training.train(model, splits, settings["training"], key, resume, log)
        with replacing(args.provenance) as temporary:
            temporary.write_text(json.dumps(provenance(device, trained.seconds), indent=2) + "\n")
        tables.write(args.history, tables.identify(settings, trained.history))
        checkpoints.save(
            args.checkpoint,
            {
                "settings": args.settings,
                "history": json.dumps(trained.history),
                "snapshots": trained.snapshots,
            },
        )
        checkpoints.keep(args.checkpoint, identity)
        resume.remove()


if __name__ == "__main__":
    main()
