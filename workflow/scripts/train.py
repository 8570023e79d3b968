"""Train a batch of runs that differ in their seeds: settings and data in, a checkpoint out."""

import argparse
import functools
import json
from pathlib import Path

from hw1.results import tables
from hw1.results.command import one_line_errors
from hw1.settings.batches import seeds_of
from hw1.settings.runs import Run, Settings
from hw1.training import devices
from hw1.training.batch import Batch


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Settings.of, required=True, help="JSON, without seed")
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
    batch = Batch(args.settings, seeds, args.data, args.start, args.code, device)
    log = functools.partial(print, flush=True)
    runs = batch.train(args.checkpoint, args.provenance, args.resume_interval, log)
    rows = []
    for run in runs:
        rows += tables.identify(Run.of(run["settings"]), json.loads(run["history"]))
    tables.write(args.history, rows)


if __name__ == "__main__":
    main()
