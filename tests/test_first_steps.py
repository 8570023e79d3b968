"""The script that a reader begins with, run as the documents say."""

import re
import statistics
import subprocess

import numpy as np
from PIL import Image
from repository import run_script

import hw1


def first_steps(folder, cwd) -> subprocess.CompletedProcess:
    return run_script("docs/first_steps.py", folder, cwd=cwd)


def test_it_says_and_draws_what_is_in_the_build(built, tmp_path):
    results = built.folder / "results"
    run = first_steps(results, tmp_path)
    assert run.returncode == 0, run.stderr
    digit, *accuracies, figure = run.stdout.splitlines()

    checkpoint = results / "checkpoints/mnist_cnn/deep/seed0.pt"
    data = np.load(results / "data/digits.npz")
    seen = hw1.load(checkpoint).predict(data["test_inputs"][:1])[0]
    truth = data["test_targets"][0]
    assert digit == f"The network of {checkpoint} sees a {seen}; the digit is a {truth}."

    for line, variant in zip(accuracies, ("deep", "shallow"), strict=True):
        rows = built.rows("mnist_cnn_metrics", split="test", variant=variant)
        found = [100 * float(row["accuracy"]) for row in rows]
        mean, spread = statistics.mean(found), statistics.stdev(found)
        said = re.fullmatch(rf"Test accuracy, {variant}: (\S+) % ± (\S+) \(.* of 2 seeds\)", line)
        assert abs(float(said[1]) - mean) < 0.006 and abs(float(said[2]) - spread) < 0.006, line

    assert figure == "Figure: first_steps.png"
    with Image.open(tmp_path / "first_steps.png") as picture:
        assert picture.size == (900, 600)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 100  # and it is not empty


def test_without_a_build_it_says_in_a_line_how_to_make_one(built, tmp_path):
    run = first_steps("nowhere", tmp_path)
    (line,) = run.stderr.splitlines()
    assert (run.returncode, run.stdout) == (1, "")
    assert line.startswith("nowhere/checkpoints/mnist_cnn/deep/*.pt is not there: `make demo` ")
    assert "`snakemake mnist_cnn interpolation`" in line

    # Of a build without one of the experiments, what is missing is named.
    tables = tmp_path / "some/tables"
    tables.mkdir(parents=True)
    (tmp_path / "some/checkpoints").symlink_to(built.folder / "results/checkpoints")
    (tables / "mnist_cnn_metrics.csv").touch()
    (line,) = first_steps("some", tmp_path).stderr.splitlines()
    assert line.startswith("some/tables/interpolation_lines.csv is not there: ")
