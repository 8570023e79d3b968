"""Deliberate faults in the library and the workflow, and which test command notices each.

    python tests/mutations.py            # all; about a minute for each that make test catches
    python tests/mutations.py resume     # those with this word in their name

Each fault is made in a copy of the repository, and the tests run there until one fails: first those
of `make test`, and where they pass those that `make test-all` has besides. Before the first of its
faults, each of these runs once without one: a test that fails there would seem to catch them all.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ".ci benchmarks docs envs presets profiles published src tests workflow".split()
# The tests of make test that build nothing first: most faults need no other, and end in seconds.
BUILDS = re.compile(
    r"(?<!slow\n)^def test_\w+\([^)]*\b(repository|built|fresh|extended|outer)\b", re.M
)
QUICK = sorted(
    path.name
    for path in (ROOT / "tests").glob("test_*.py")
    if not BUILDS.search(path.read_text(encoding="utf-8"))
)
# The command, the tests of it by their marks, and by their files: all where there are none.
STAGES = (
    ("make test", "not slow", tuple(QUICK)),
    ("make test", "not slow", ()),
    ("make test-all", "slow", ()),
)
# It looks for the text that a fault has replaced, so it fails in every copy.
NO_TEST_OF_THE_CODE = "tests/test_house.py::test_every_deliberate_fault_can_still_be_made"
# What is wrong, where, what stands there, what is put in its place.
FAULTS = {
    "first layer taken for the second": (
        "src/hw1/networks/weights.py", 'name.startswith("0.")', 'name.startswith("2.")',
    ),
    "parameters counted without bias": (
        "src/hw1/settings/architectures.py", "(self.inputs + 1) * self.outputs",
        "self.inputs * self.outputs",
    ),
    "time left without the pace of what is done": (
        "src/snakemake_logger_plugin_hw1/__init__.py", "since * (1 - share) / max(share, 0.001)",
        "self.seconds * (1 - share)",
    ),
    "a job that was tried again has failed": (
        "src/snakemake_logger_plugin_hw1/__init__.py", "self.failed.pop(number, None)", "pass",
    ),
    "progress of a whole epoch within it": (
        "src/hw1/training/recording.py", "(iteration + 1) / len(self.sizes)", "1",
    ),
    "an interrupt may be lost while a job imports": (
        "src/hw1/results/command.py", "at_interrupt(end)", "pass",
    ),
    "drawings share their names": (
        "src/hw1/page.py", r'rf"\g<1>{name}-"', r'rf"\g<1>"',
    ),
    "resume skips an iteration": (
        "src/hw1/training/loop.py", 'saved["epoch"], saved["iteration"]',
        'saved["epoch"], saved["iteration"] + 1',
    ),
    "resume takes the state of another run": (
        "src/hw1/training/checkpoints.py", 'saved.get("fingerprint") != self.fingerprint', "False",
    ),
    "every epoch has the batches of the first": (
        "src/hw1/data/seeding.py", "PURPOSES.index(purpose), index))",
        "PURPOSES.index(purpose), 0))",
    ),
    "norm of the weights for that of the gradient": (
        "src/hw1/training/recording.py", "get_total_norm(gradients[run",
        "get_total_norm(parameters[run",
    ),
    "snapshot before training forgotten": (
        "src/hw1/training/recording.py", "if 0 in self.training.snapshot_epochs:", "if False:",
    ),
    "every member of a stack is the first": (
        "src/hw1/networks/stacks.py", 'self.weights(state["rows"][index])',
        'self.weights(state["rows"][0])',
    ),
    "a stack takes settings that it does not know": (
        "src/hw1/networks/stacks.py", "key in known and listed(value, known[key])",
        "key not in known or listed(value, known[key])",
    ),
    "a stack trains without weight decay": (
        "src/hw1/training/loop.py", "optimisation = Optimisation(training,",
        "from msgspec.structs import replace\n"
        "    decay = training.weight_decay if isinstance(network, Alone) else 0.0\n"
        "    optimisation = Optimisation(replace(training, weight_decay=decay),",
    ),
    "random labels in the test split, too": (
        "src/hw1/data/inputs.py", 'splits["train"] = Split(inputs, drawn)',
        'splits["test"] = Split(splits["test"].inputs, drawn[: len(splits["test"].targets)])',
    ),
    "pixels not shifted": ("src/hw1/data/inputs.py", ".add_(low)", ""),
    "mean loss over batches, not examples": (
        "src/hw1/training/evaluation.py", "n = split.targets.numel()",
        "n = -(-len(split.targets) // batch_size) or 1",
    ),
    "the line goes from the second to the first": (
        "src/hw1/analyses/interpolate.py", "(1 - alpha) * first + alpha * second",
        "alpha * first + (1 - alpha) * second",
    ),
    "components of a wrong axis": (
        "src/hw1/analyses/pca.py", "pca.fit_transform(weights.astype(np.float64))",
        "pca.fit_transform(weights.astype(np.float64))[:, ::-1]",
    ),
    "interval swapped": (
        "src/hw1/claims/inference.py", "return float(ordered[n - k]), float(ordered[k - 1])",
        "return float(ordered[k - 1]), float(ordered[n - k])",
    ),
    "an interval of half the evidence": (
        "src/hw1/claims/inference.py", "evidence(k, n, 0.5) >= 1 / SIDE",
        "evidence(k, n, 0.5) >= 1 / LEVEL",
    ),
    "Holm without a correction": (
        "src/hw1/claims/inference.py", "(tests - rank) * p_values[index]", "p_values[index]",
    ),
    "a family of what was built": (
        "src/hw1/claims/decisions.py", "sum(claim.tested for claim in claims)",
        "sum(claim.tested for claim, _ in measured)",
    ),
    "no correction for the claims of a list": (
        "src/hw1/claims/decisions.py", "bars[index] = among / SIDE", "bars[index] = 1 / SIDE",
    ),
    "refuted by one part of many, uncorrected": (
        "src/hw1/claims/decisions.py", "one = mean([part.e_refuted", "one = max([part.e_refuted",
    ),
    "confirmed by one part of many": (
        "src/hw1/claims/decisions.py", "found.append((min(part.e_confirmed",
        "found.append((max(part.e_confirmed",
    ),
    "a whole side for each": ("src/hw1/claims/inference.py", "SIDE = LEVEL / 2", "SIDE = LEVEL"),
    "a value at the border counts": (
        "src/hw1/claims/decisions.py", "values > bound if side", "values >= bound if side",
    ),
    "a seed counts twice": (
        "src/hw1/claims/reading.py", "twice = found.duplicated(list(key))",
        "twice = found.duplicated()",
    ),
    "the worst size chosen on its own seed": (
        "src/hw1/claims/statistics/size.py", "errors.iloc[:place].mean()",
        "errors.iloc[: place + 1].mean()",
    ),
    "an edited table is read": (
        "src/hw1/results/tables.py",
        'if said[1:] == [f"{hashlib.sha256(content).hexdigest()}  {path.name}"]:',
        "if said[1:]:",
    ),
    "a flipped bit of a checkpoint is read": (
        "src/hw1/training/checkpoints.py", "        check_sealed(content)\n", "",
    ),
    "any file counts as MNIST": (
        "src/hw1/data/datasets.py", "if md5 == expected:", "if md5:",
    ),
    "files written in place": (
        "src/hw1/results/files.py",
        'temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")',
        "temporary = path",
    ),
    "train and test swapped in a figure": (
        "src/hw1/figures/parameters.py", 'rows = final[final["split"] == split]',
        'rows = final[final["split"] != split]',
    ),
    "a user's matplotlibrc in a figure": ("src/hw1/drawing.py", "mpl.rcdefaults()", "pass"),
    "page without escapes": ("src/hw1/page.py", "autoescape=True", "autoescape=False"),
    "a setting left out of params": (
        "src/hw1/plan/plan.py", "self.batch(w).text", 'json.dumps(self.batch(w).said["training"])',
    ),
    "digest of the script alone": (
        "src/hw1/plan/sources.py", "map(content_digest, code(script, kind))",
        "map(content_digest, code(script, kind)[-1:])",
    ),
    "modules imported in functions not followed": (
        "src/hw1/plan/sources.py", "in statements(kinds.parsed(file))",
        "in kinds.parsed(file).body",
    ),
    "a variant replaces what its experiment says": (
        "src/hw1/settings/overlays.py",
        "result[key] = merged(result[key], value) if both else value", "result[key] = value",
    ),
    "the last of two equal keys wins": (
        "src/hw1/settings/yaml_files.py", "if key in seen:", "if False:",
    ),
    "a typo in the configuration passes": (
        "src/hw1/settings/validation.py", "if error is not None:", "if False:",
    ),
    "the user's environment reaches jobs": (
        "workflow/python.sh", '*) unset "$name"', '*) : "$name"',
    ),
    "a backend of the shell's choice": ("workflow/python.sh", "MPLBACKEND=agg ", ""),
    "a failing pipe counts as success": (
        "workflow/rules/data.smk", '"--output {output} 2>&1 | tee {log}"',
        '"--output {output} 2>&1 | tee {log} || true"',
    ),
    "large files compared by date": (
        "profiles/default/config.yaml", "max-checksum-file-size: 500000000",
        "max-checksum-file-size: 1000",
    ),
    "a user's profile weakens the triggers": (
        "profiles/default/config.yaml",
        "rerun-triggers: [code, input, mtime, params, software-env]", "",
    ),
    "members of a stack see the batches of the first": (
        "src/hw1/training/loop.py", "torch.stack(orders) if self.apart",
        "torch.stack(orders[:1] * len(orders)) if self.apart",
    ),
    "a seed is missing in a batch's name": (
        "src/hw1/settings/batches.py", "ranges[-1][1] == seed - 1", "ranges[-1][1] >= seed - 2",
    ),
    "the figure shows variants that it leaves out": (
        "src/hw1/drawing.py", '~table["variant"].isin(style["left_out"])',
        'table["variant"].notna()',
    ),
    "Snakemake looks for jobs ever more often": (
        "workflow/rules/terminal.smk", "workflow.scheduler.job_rate_limiter = None", "pass",
    ),
    "a figure shows all of another experiment": (
        "src/hw1/drawing.py", 'table[table["variant"] == style["beside"]["variant"]]', "table",
    ),
    "the file of a kind is no part of its digest": (
        "src/hw1/plan/sources.py",
        'found |= {*sources(kind, ROOT / "src", kind.parent)}',
        "pass",
    ),
    "a schedule that never moves": (
        "src/hw1/training/optimisation.py", 'self.optimizer.param_groups[0]["lr"] = rate', "pass",
    ),
    "kept results of other settings are taken": (
        "src/hw1/training/checkpoints.py", 'run["fingerprint"] == fingerprints.get(seed)',
        "seed in fingerprints",
    ),
    "a learning rate that moves by whole epochs only": (
        "src/hw1/training/optimisation.py", "self.done + iteration / self.iterations", "self.done",
    ),
    "a schedule goes on into the next phase": (
        "src/hw1/training/optimisation.py", "epoch - 1 - phase.after", "epoch - 1",
    ),
    "iterations of each epoch counted from its own": (
        "src/hw1/training/recording.py", "(epoch - 1) * len(losses) + i + 1", "epoch + i",
    ),
    "weight matching without the biases": (
        "src/hw1/networks/alignment.py", " + np.outer(bias, other_bias)", "",
    ),
    "the best constant names the rarest class": (
        "src/hw1/training/baselines.py", "shares.max()", "shares.min()",
    ),
    "other examples for each seed": (
        "src/hw1/data/inputs.py", 'generator((0, 0), "examples")',
        'generator((run.seed, 0), "examples")',
    ),
    "runs that share a data set share its first examples": (
        "src/hw1/data/inputs.py", ", shown.examples]", "]",
    ),
    "images resized without smoothing": ("src/hw1/data/inputs.py", ", antialias=True", ""),
    "what is left of an eigenvector is no share": (
        "src/hw1/training/curvature.py", "rest / abs(value) if value else rest", "rest",
    ),
    "a line begins at the first snapshot": (
        "src/hw1/analyses/barriers.py", "start.weights[-1]", "start.weights[0]",
    ),
    "eigenvalues below 0 count as above a threshold": (
        "src/hw1/analyses/critical_points.py", "(values > share", "(values.abs() > share",
    ),
    "each snapshot has the dead units of the last": (
        "src/hw1/analyses/dead_units.py", "run.network(data.device, place)",
        "run.network(data.device)",
    ),
    "each point of a way has the loss of its end": (
        "src/hw1/analyses/descent.py", "run.network(data.device, place)",
        "run.network(data.device)",
    ),
    "variance without a square": (
        "src/hw1/analyses/descent.py", "np.square(sizes)", "sizes",
    ),
    "distances between runs of two variants": (
        "src/hw1/analyses/distances.py",
        "if run.settings.variant != other.settings.variant:\n            continue", "pass",
    ),
    "predictions in the place of what they should be": (
        "src/hw1/analyses/predict.py", '("x", "target", "prediction")',
        '("x", "prediction", "target")',
    ),
    "sensitivity on training examples": (
        "src/hw1/analyses/sensitivity.py", '["test"].inputs', '["train"].inputs',
    ),
    "the rise in a box at its last step": (
        "src/hw1/analyses/sharpness.py", "max(found) - found[0]", "found[-1] - found[0]",
    ),
    "both directions of a plane are one": (
        "src/hw1/analyses/surface.py",
        "axes = direction(model, random), direction(model, random)",
        "axes = (direction(model, random),) * 2",
    ),
    "one missing row of a run is none": (
        "src/hw1/claims/reading.py", "counts[counts < places]", "counts[counts < places - 1]",
    ),
    "a plateau is measured from its end": (
        "src/hw1/claims/statistics/course.py", '* ends].groupby("seed")["batch_loss"].first()',
        '* ends].groupby("seed")["batch_loss"].last()',
    ),
    "the middle of a training lasts to its end": (
        "src/hw1/claims/statistics/course.py", "slice(n // 3, n // 3 + third)", "slice(n // 3, n)",
    ),
    "a loss that rises steadily goes up and down": (
        "src/hw1/claims/statistics/course.py",
        "np.ptp(run - np.polyval(np.polyfit(epochs, run, 1), epochs))", "np.ptp(run)",
    ),
    "a loss that is at most as large": (
        "src/hw1/claims/statistics/final.py", "first <= times * second", "first <= second",
    ),
    "the best accuracy is the last": (
        "src/hw1/claims/statistics/final.py", '["accuracy"].max())', '["accuracy"].last())',
    ),
    "roughness along one axis": (
        "src/hw1/claims/statistics/landscape.py", '(("x", "y"), ("y", "x"))',
        '(("x", "y"), ("x", "y"))',
    ),
    "a barrier of accuracies in place of errors": (
        "src/hw1/claims/statistics/line.py", '(1, -1)[column != "loss"]', "1",
    ),
    "a gain over the worse end": (
        "src/hw1/claims/statistics/line.py",
        "ends = np.maximum(at(values, 0.0), at(values, 1.0))",
        "ends = np.minimum(at(values, 0.0), at(values, 1.0))",
    ),
    "the most accurate of the largest models": (
        "src/hw1/claims/statistics/size.py", "-models:].min(axis=1)", "-models:].max(axis=1)",
    ),
    "a layer that was born dead is dead at the end": (
        "src/hw1/claims/statistics/units.py", 'found["epoch"].max() if last else 0', "0",
    ),
    "what was made otherwise is kept": (
        "src/hw1/plan/rules.py",
        "ancient(self.file) if self.plan.is_current(places, w, recipe) else self.file",
        "ancient(self.file)",
    ),
    "recipes leave out the settings": (
        "src/hw1/plan/plan.py",
        "[digest(script, kind and kind.file), settings, list(made_from)]",
        "[digest(script, kind and kind.file), list(made_from)]",
    ),
    "recipes leave out what a file is made from": (
        "src/hw1/plan/plan.py",
        "[digest(script, kind and kind.file), settings, list(made_from)]",
        "[digest(script, kind and kind.file), settings]",
    ),
    "results carry no recipe": (
        "src/hw1/results/recipes.py", 'os.environ.get("HW1_RECIPE") or "0" * LENGTH',
        '"0" * LENGTH',
    ),
    "a page does not say what is of other settings": (
        "workflow/scripts/page.py", "if recipes.of(path) != recipe", "if False",
    ),
}  # fmt: skip


def copy_with(fault: str | None, folder: Path) -> None:
    """Copy the repository, with a fault if one is named, into a folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ROOT.iterdir():
        if file.is_file() and file.name != ".git":
            shutil.copy(file, folder)
    if (ROOT / "data").exists():
        (folder / "data").symlink_to((ROOT / "data").resolve())
    if fault is None:
        return
    path, before, after = FAULTS[fault]
    text = (folder / path).read_text(encoding="utf-8")
    if len(places := places_of(before, text)) != 1:
        sys.exit(f"{fault}: found {len(places)} times in {path}, expected once: {before}")
    (place,) = places
    faulty = text[: place.start()] + after + text[place.end() :]
    (folder / path).write_text(faulty, encoding="utf-8")


def places_of(code: str, text: str) -> list[re.Match]:
    """Where some code stands in a text, however either is laid out and quoted."""
    tokens = re.findall(r"\w+|[^\w\s]", code)
    ends = {"'": "['\"]", '"': "['\"]"} | {end: rf",?\s*\{end}" for end in ")]}"}
    pattern = r"\s*".join(ends.get(token, re.escape(token)) for token in tokens)
    return [*re.finditer(pattern, text)]


def nearest_first(files: Sequence[str], path: str) -> list[str]:
    """Files of tests, from the one that names a module most often on: it may end after seconds."""
    name = re.compile(rf"\b{Path(path).stem}\b")
    texts = {file: (ROOT / "tests" / file).read_text(encoding="utf-8") for file in files}
    return sorted(files, key=lambda file: -len(name.findall(texts[file])))


def first_failure(folder: Path, chosen: str, files: Sequence[str]) -> str:
    """The first test that fails in a folder, of some marks and files; nothing where none does."""
    tests = [f"tests/{file}" for file in files]
    options = ["-n", "auto", "-x", "-q", "-m", chosen, "--deselect", NO_TEST_OF_THE_CODE]
    options.append("--randomly-dont-reorganize")
    run = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", *options, *tests],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
    )
    # Told to stop at the first failure, of several processes, pytest calls itself interrupted.
    if failed := re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", run.stdout, re.MULTILINE):
        return failed[1]
    said = (run.stdout + run.stderr).strip().splitlines()[-1:]
    return f"pytest exits with {run.returncode}: {' '.join(said)}" if run.returncode else ""


@functools.cache
def check_without_fault(command: str, chosen: str, files: tuple[str, ...]) -> None:
    """End with a line where a test fails in a copy in which nothing is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        copy_with(None, Path(folder))
        if test := first_failure(Path(folder), chosen, files):
            sys.exit(
                f"{test}: found a failure of {command} in a copy without a fault, expected none: "
                "mend it, or copy what it needs"
            )


def caught_by(folder: Path, path: str) -> tuple[str, str]:
    """The command that fails in a folder with a fault in a file, and its first failing test."""
    for command, chosen, files in STAGES:
        check_without_fault(command, chosen, files)
        if test := first_failure(folder, chosen, nearest_first(files, path)):
            return command, test
    return "none", ""


def main() -> None:
    chosen = [fault for fault in FAULTS if all(word in fault for word in sys.argv[1:])]
    check_without_fault(*STAGES[0])
    print("| fault | file | caught by | first failing test | seconds |\n|---|---|---|---|---|")
    for fault in chosen:
        with tempfile.TemporaryDirectory() as folder:
            copy_with(fault, Path(folder))
            started = time.monotonic()
            command, test = caught_by(Path(folder), FAULTS[fault][0])
        seconds = time.monotonic() - started
        print(f"| {fault} | {FAULTS[fault][0]} | {command} | {test} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
