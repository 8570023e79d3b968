"""Train a batch of runs that differ in their seeds: settings and data in, a checkpoint out."""

import argparse
import contextlib
import functools
import itertools
import json
import platform
import re
import resource
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import torch

from hw1 import arrays, checkpoints, devices, models, tables, training
from hw1.architectures import example_shape
from hw1.batches import name, seeds_of
from hw1.command import one_line_errors
from hw1.files import replacing
from hw1.inputs import Data, Split
from hw1.seeding import key_of
from hw1.stacks import RowStack, stack_of

log = functools.partial(print, flush=True)


def processor() -> str:
    """What the processor calls itself."""
    with contextlib.suppress(OSError):  # there is such a file on Linux alone
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if name := re.search(r"^model name\s*: (.*)$", facts, re.MULTILINE):
            return name[1]
    return platform.processor() or platform.machine()


def provenance(device: torch.device, seconds: float) -> dict:
    """What varies between attempts and machines; nothing depends on it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
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
        "processor": processor(),
        "python": sys.version.split()[0],
        "torch": torch.__version__,
        "commit": commit,
    }


def train(
    runs: list[dict],
    stack: type | None,
    data: Data,
    weights: dict[int, dict[str, torch.Tensor]],
    resume: checkpoints.ResumeFile,
    facts: Path,
) -> dict[int, dict]:
    """Train runs together, given by their settings, and return them as a checkpoint has them.

    `weights` has those that a run starts from, by its seed, where it does not draw them.
    """
    settings = runs[0]
    splits = data.splits(settings)
    if stack is RowStack and settings["inputs"]["labels"] != "given":
        labels = [data.splits(run)["train"].targets for run in runs]
        splits["train"] = Split(splits["train"].inputs, torch.stack(labels))
    keys = [key_of(run, "batches") for run in runs]
    built = [
        models.build(run["model"], *example_shape(run), key_of(run, "initialisation"))
        for run in runs
    ]
    for run, network in zip(runs, built):
        if run["seed"] in weights:
            network.load_state_dict(weights[run["seed"]])
    model = (stack(built) if stack else built[0]).to(data.device)
    results = training.train(model, splits, settings["training"], keys, resume, log)
    for run, trained in zip(runs, results, strict=True):
        with replacing(facts / "{experiment}/{variant}/seed{seed}.json".format(**run)) as temporary:
            temporary.write_text(
                json.dumps(provenance(data.device, trained.seconds), indent=2) + "\n",
                encoding="utf-8",
            )
    return {
        run["seed"]: {"history": json.dumps(trained.history), "snapshots": trained.snapshots}
        for run, trained in zip(runs, results, strict=True)
    }


def starting_runs(files: list[Path], seeds: list[int]) -> dict[int, dict]:
    """The runs of some seeds in checkpoints, by seed."""
    found: dict[int, dict] = {}
    for file in files:
        found |= {seed: run for seed, run in checkpoints.load(file).items() if seed in seeds}
    return found


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON, without the seed")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--start", type=Path, nargs="+", default=[], help="checkpoints of the runs to start from"
    )
    parser.add_argument("--code", type=Path, nargs="+", required=True, help="files the run is of")
    parser.add_argument("--device", required=True)
    parser.add_argument("--resume-interval", type=float, required=True, help="seconds")
    parser.add_argument("--checkpoint", type=Path, required=True, help="named after the seeds")
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--provenance", type=Path, required=True, help="folder for all runs")
    args = parser.parse_args()

    devices.make_reproducible()
    device = devices.choose_device(args.device)
    seeds = seeds_of(args.checkpoint.stem)
    settings = {seed: args.settings | {"seed": seed} for seed in seeds}
    weights = {}
    for seed, run in starting_runs(args.start, seeds).items():
        epoch = args.settings["start"].get("epoch", max(run["snapshots"]))
        weights[seed] = run["snapshots"][epoch]
        # All that these weights are a function of.
        settings[seed]["start"] = args.settings["start"] | {"fingerprint": run["fingerprint"]}
    texts = {seed: json.dumps(settings[seed], sort_keys=True) for seed in seeds}
    files = [*args.code, args.data]
    fingerprints = {seed: checkpoints.fingerprint(texts[seed], device, files) for seed in seeds}
    family = checkpoints.fingerprint(json.dumps(args.settings, sort_keys=True), device, files)
    with checkpoints.exclusive(args.checkpoint.with_suffix(".lock"), log):
        runs = checkpoints.finished(args.checkpoint, family, fingerprints)
        for seed in sorted(runs):
            log(f"seed {seed}: settings, code and data are those of the result that is there")
        missing = [seed for seed in seeds if seed not in runs]
        if missing:
            data = Data(arrays.load(args.data), device)
            stack = stack_of(args.settings, data)
        for group in [missing] if missing and stack else [[seed] for seed in missing]:
            log(f"training {name(group)}")
            resume = checkpoints.ResumeFile(
                args.checkpoint.with_suffix(".resume"),
                # Another processor may train them otherwise, and its state has another form.
                "".join([stack.__name__ if stack else "alone", *(fingerprints[s] for s in group)]),
                args.resume_interval,
            )
            trained = train(
                [settings[seed] for seed in group], stack, data, weights, resume, args.provenance
            )
            for seed in group:
                about = {"settings": texts[seed], "fingerprint": fingerprints[seed]}
                runs[seed] = about | trained[seed]
            if len(runs) < len(seeds):  # not to be trained again if this job ends before its batch
                checkpoints.keep_part(args.checkpoint, family, {seed: runs[seed] for seed in group})
            resume.remove()
        checkpoints.save_runs(args.checkpoint, {seed: runs[seed] for seed in seeds})
        checkpoints.keep(args.checkpoint, family)
        history = (
            tables.identify(settings[seed], json.loads(runs[seed]["history"])) for seed in seeds
        )
        tables.write(args.history, itertools.chain.from_iterable(history))


if __name__ == "__main__":
    main()
