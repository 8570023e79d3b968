"""A small training on real MNIST, through the command line, as the workflow runs it."""

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, needs_mnist

from configuration import batch_settings
from hw1 import arrays, datasets


@needs_mnist
def test_one_epoch_on_real_mnist_classifies_most_of_the_test_images(config, tmp_path):
    settings = batch_settings(config, "trajectory", "mlp")
    settings["training"] |= {
        "optimizer": "adam",
        "learning_rate": 0.001,
        "epochs": 1,
        "snapshot_epochs": [0],
        "evaluate_each_epoch": ["test"],
    }
    arrays.save(tmp_path / "mnist.npz", datasets.mnist(ROOT / "data"))
    run = subprocess.run(
        [
            sys.executable, "-P", ROOT / "workflow/scripts/train.py",
            "--settings", json.dumps(settings), "--data", tmp_path / "mnist.npz",
            "--code", __file__, "--device", "cpu", "--resume-interval", "60",
            "--checkpoint", tmp_path / "seed0.pt", "--history", tmp_path / "seed0.csv",
            "--provenance", tmp_path,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    with open(tmp_path / "seed0.csv", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert int(row["iteration"]) == int(np.ceil(60_000 / 64))
    assert float(row["test_accuracy"]) > 0.93
    assert float(row["test_loss"]) == pytest.approx(-np.log(0.8), abs=0.15)
