"""A batch of runs that differ only in their seeds: one checkpoint, and one stack if possible."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from hw1.data.inputs import Data, Split
from hw1.networks import models
from hw1.networks.stacks import RowStack, stack_of
from hw1.results import arrays
from hw1.settings.batches import name
from hw1.settings.runs import Run, Settings
from hw1.training import checkpoints, loop, provenance


class Batch(NamedTuple):
    """Runs with the same settings except for their seeds; the files of their data and code, the
    checkpoints from which they start, if any, and the device."""

    settings: Settings
    seeds: list[int]
    data: Path
    start: list[Path]
    code: list[Path]
    device: torch.device

    def train(self, checkpoint: Path, facts: Path, interval: float, log: Callable) -> list[dict]:
        """Train the runs that are not kept beside `checkpoint`, write it, and return the runs in
        order.

        Their provenance goes to the folder `facts`. The state of an unfinished run is saved every
        `interval` seconds, and a later call goes on from it.
        """
        settings, weights = self.runs()
        fingerprints = {seed: self.fingerprint(settings[seed].text) for seed in self.seeds}
        family = self.fingerprint(self.settings.text)
        with checkpoints.exclusive(checkpoint.with_suffix(".lock"), log):
            runs = checkpoints.finished(checkpoint, family, fingerprints)
            for seed in sorted(runs):
                log(f"seed {seed}: settings, code and data are those of the result that is there")
            missing = [seed for seed in self.seeds if seed not in runs]
            if missing:
                data = Data(arrays.load(self.data), self.device)
                stack = stack_of(self.settings, data)
            for group in [missing] if missing and stack else [[seed] for seed in missing]:
                log(f"training {name(group)}")
                resume = checkpoints.ResumeFile(
                    checkpoint.with_suffix(".resume"),
                    # On another processor they may not stack, and the state has another form.
                    "".join(
                        [stack.__name__ if stack else "alone", *(fingerprints[s] for s in group)]
                    ),
                    interval,
                )
                together = [settings[seed] for seed in group]
                trained = train_together(together, stack, data, weights, resume, log)
                for seed, result in zip(group, trained, strict=True):
                    place = facts / self.settings.experiment / self.settings.variant
                    provenance.write(place / f"seed{seed}.json", self.device, result.seconds)
                    runs[seed] = {
                        "settings": settings[seed].text,
                        "fingerprint": fingerprints[seed],
                        "history": json.dumps(result.history),
                        "snapshots": result.snapshots,
                    }
                if len(runs) < len(self.seeds):  # not trained again if this job ends now
                    part = {seed: runs[seed] for seed in group}
                    checkpoints.keep_part(checkpoint, family, part)
                resume.remove()
            checkpoints.save_runs(checkpoint, {seed: runs[seed] for seed in self.seeds})
            checkpoints.keep(checkpoint, family)
        return [runs[seed] for seed in self.seeds]

    def runs(self) -> tuple[dict[int, Run], dict[int, dict[str, torch.Tensor]]]:
        """The settings of each run, by seed, and the weights from which it starts, if there are
        any."""
        runs = {seed: Run.of_seed(self.settings, seed) for seed in self.seeds}
        weights = {}
        for file in self.start:
            for seed, run in checkpoints.load(file).items():
                if seed in runs and self.settings.start:
                    epoch, snapshots = self.settings.start.epoch, run["snapshots"]
                    weights[seed] = snapshots[max(snapshots) if epoch is None else epoch]
                    runs[seed] = Run.of_seed(self.settings, seed, run["fingerprint"])
        return runs, weights

    def fingerprint(self, settings: str) -> str:
        """Digest of settings, data and code."""
        return checkpoints.fingerprint(settings, self.device, [*self.code, self.data])


def train_together(
    runs: Sequence[Run],
    stack: type | None,
    data: Data,
    weights: dict[int, dict[str, torch.Tensor]],
    resume: checkpoints.ResumeFile,
    log: Callable,
) -> list[loop.Trained]:
    """Train runs, given by their settings, as one stack; a single run may train alone.

    `weights` has the weights from which a run starts, by its seed, if the run does not draw them.
    """
    settings = runs[0]
    splits = data.splits(settings)
    if stack is RowStack and settings.inputs.labels not in (None, "given"):
        labels = [data.splits(run)["train"].targets for run in runs]
        splits["train"] = Split(splits["train"].inputs, torch.stack(labels))
    built = [
        models.build(run.model, run.example_shape, run.outputs, run.key("initialisation"))
        for run in runs
    ]
    for run, network in zip(runs, built):
        if run.seed in weights:
            network.load_state_dict(weights[run.seed])
    model = (stack(built) if stack else built[0]).to(data.device)
    keys = [run.key("batches") for run in runs]
    return loop.train(model, splits, settings.training, keys, resume, log)
