"""How a training goes on: its phases, and in each the learning rate of every step.

    {"epochs": 20, "optimizer": "adam", ...
     "phases": [{"after": 15, "objective": "gradient_norm"}]}

has two phases, of 15 and 5 epochs. Nothing here imports torch.
"""

import math

# Keys of one optimizer: a later phase does not inherit them.
OF_ONE_PHASE = ("momentum", "weight_decay", "schedule", "objective")


def phases(training: dict) -> list[dict]:
    """The phases of a training in their order, each with settings like a training of its own;
    `after` is the number of epochs before the phase, `epochs` the number of its own."""
    shared = {key: value for key, value in training.items() if key not in OF_ONE_PHASE}
    found = [{**training, "after": 0}]
    found += [{**shared, **phase} for phase in training.get("phases", [])]
    ends = [*(phase["after"] for phase in found[1:]), training["epochs"]]
    return [phase | {"epochs": end - phase["after"]} for phase, end in zip(found, ends)]


def phase_of(training: dict, epoch: int) -> dict:
    """The phase that an epoch, counted from 1, belongs to."""
    return [phase for phase in phases(training) if phase["after"] < epoch][-1]


def objectives(training: dict) -> set[str]:
    """The objectives of the phases: the `loss`, or the `gradient_norm`."""
    return {phase.get("objective", "loss") for phase in phases(training)}


def learning_rate(phase: dict, done: float, iterations: int) -> float:
    """The learning rate of the step after `done` epochs of a phase, each of so many `iterations`.

    In the `warmup` epochs it rises in equal steps. Then `cosine` lets it fall to 0 as half a period
    of a cosine (Loshchilov and Hutter 2017); `step` multiplies it by `factor` after every `every`
    epochs.
    """
    schedule = phase.get("schedule", {"kind": "constant"})
    warmup = schedule.get("warmup", 0)
    rate = phase["learning_rate"] * min(1, (done + 1 / iterations) / warmup if warmup else 1)
    if schedule["kind"] == "cosine":
        share = max(0, done - warmup) / (phase["epochs"] - warmup)
        rate *= (1 + math.cos(math.pi * share)) / 2
    elif schedule["kind"] == "step":
        rate *= schedule["factor"] ** (done // schedule["every"])
    return rate
