"""Train a run, or runs that can train as one: settings and a data set in, checkpoints out."""

import argparse
import functools
import hashlib
import json
import platform
import resource
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import torch

from hw1 import arrays, checkpoints, devices, inputs, models, tables, training
from hw1.architectures import example_shape, stackable
from hw1.command import one_line_errors
from hw1.files import replacing

log = functools.partial(print, flush=True)


class Unfinished(NamedTuple):
    """A run to be trained: its settings, the same as JSON text, and where its results belong."""

    settings: dict
    text: str
    identity: str
    checkpoint: Path
    history: Path


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


def train(
    runs: list[Unfinished], data: Path, device: torch.device, interval: float, facts: Path
) -> None:
    """Train `runs`, which differ in their seeds at most, and write what each leaves."""
    settings = runs[0].settings
    keys = [(run.settings["seed"], run.settings["stream"]) for run in runs]
    splits = inputs.tensors(arrays.load(data), settings, device)
    built = [models.build(settings["model"], *example_shape(settings), key) for key in keys]
    model = models.Stack(built) if stackable(settings) else built[0]
    identities = "".join(run.identity for run in runs)
    resume = checkpoints.ResumeFile(runs[0].checkpoint.with_suffix(".resume"), identities, interval)
    results = training.train(model.to(device), splits, settings["training"], keys, resume, log)
    for run, trained in zip(runs, results, strict=True):
        name = "{experiment}/{variant}/seed{seed}.json".format(**run.settings)
        with replacing(facts / name) as temporary:
            temporary.write_text(
                json.dumps(provenance(device, trained.seconds), indent=2) + "\n", encoding="utf-8"
            )
        tables.write(run.history, tables.identify(run.settings, trained.history))
        checkpoints.save(
            run.checkpoint,
            {
                "settings": run.text,
                "history": json.dumps(trained.history),
                "snapshots": trained.snapshots,
            },
        )
        checkpoints.keep(run.checkpoint, run.identity)
    resume.remove()


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON: a list of the settings of each")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--code", type=Path, nargs="+", required=True, help="files the run is of")
    parser.add_argument("--device", required=True)
    parser.add_argument("--resume-interval", type=float, required=True, help="seconds")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="one per run")
    parser.add_argument("--histories", type=Path, nargs="+", required=True, help="one per run")
    parser.add_argument("--provenance", type=Path, required=True, help="folder for all runs")
    args = parser.parse_args()

    devices.make_reproducible()
    device = devices.choose_device(args.device)
    with ExitStack() as locks:
        for path in args.checkpoints:
            locks.enter_context(checkpoints.exclusive(path.with_suffix(".lock"), log))
        runs = []
        for settings, path, history in zip(
            json.loads(args.settings), args.checkpoints, args.histories, strict=True
        ):
            text = json.dumps(settings, sort_keys=True)
            identity = fingerprint(text, device, [*args.code, args.data])
            if kept := checkpoints.restore(path, identity):
                log(f"{path}: settings, code and data are those of the result that is there")
                tables.write(history, tables.identify(settings, json.loads(kept["history"])))
            else:
                runs.append(Unfinished(settings, text, identity, path, history))
        if runs:
            train(runs, args.data, device, args.resume_interval, args.provenance)


if __name__ == "__main__":
    main()
