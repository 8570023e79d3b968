"""A build is checked in seconds; each damaged file is named."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from repository import truncated, with_one_bit_changed

from hw1 import page
from hw1.results import arrays, tables
from hw1.results.verification import FACTS, damage, verify

DAMAGED = {
    "data/digits.npz": with_one_bit_changed,
    "checkpoints/capacity/cnn1/seed0.pt": with_one_bit_changed,
    "weights/trajectory/mlp/seed1.npz": truncated,
    "tables/capacity_metrics.csv": with_one_bit_changed,
    "fig_interp.png": truncated,
    "fig_params.svg": truncated,
    "index.html": truncated,
    "provenance/capacity/cnn1/seed0.json": truncated,
}


@pytest.mark.parametrize("ending", ["png", "svg", "json", "html", "csv", "npz", "pt"])
def test_what_a_parser_makes_of_any_damage_is_one_line(tmp_path, ending):
    """Decoders raise errors of many types; none may end the look at the other files."""
    path = tmp_path / f"a.{ending}"
    if ending == "png":
        Image.new("RGB", (9, 9), (1, 2, 3)).save(path)
    elif ending in ("npz", "pt"):
        arrays.save(path, {"values": np.arange(9.0)})
    elif ending == "csv":
        tables.write(path, [{"a": 1}])
    else:
        path.write_text(
            {
                "svg": "<?xml version='1.0' encoding='utf-8'?><svg><g id='a'/></svg>",
                "json": json.dumps(dict.fromkeys(FACTS, "1")),
                "html": "<!DOCTYPE html><p>a</p></html>",
            }[ending],
            encoding="utf-8",
        )
    content, refused = path.read_bytes(), 0
    assert damage(path) is None
    with path.open("r+b") as file:  # bit by bit in place, which is quicker than whole files
        for bit in range(8 * len(content)):
            place = bit // 8
            os.pwrite(file.fileno(), bytes([content[place] ^ 1 << bit % 8]), place)
            if line := damage(path):
                assert line.startswith(f"{path} ") and "delete it" in line and "\n" not in line
                refused += 1
            os.pwrite(file.fileno(), content[place : place + 1], place)
    # Nothing else passes where there are check sums.
    least = {"csv": 1, "npz": 1, "pt": 1, "png": 1, "svg": 0.5, "json": 0.5, "html": 0.2}
    assert refused >= least[ending] * 8 * len(content)


def test_what_killed_jobs_left_is_said_and_is_no_damage(tmp_path):
    left = {"seed0.resume", "seed0.lock", ".seed0.4711.pt"}
    for name in (*left, "a.log"):
        (tmp_path / name).touch()
    tables.write(tmp_path / "a.csv", [{"a": 1}])
    (tmp_path / "folder").mkdir()
    arrays.save(tmp_path / "folder/b.npz", {"a": np.zeros(1)})
    linked = tmp_path / "results"
    linked.mkdir()
    for name in (*left, "a.log", "a.csv", "a.csv.sha256", "folder"):
        (linked / name).symlink_to(tmp_path / name)
    (linked / "gone.csv").symlink_to(tmp_path / "gone")
    found = {file.path.name: file for file in verify(linked)}
    assert {name for name, file in found.items() if file.leftover} == left
    assert {name for name, file in found.items() if file.checked} == {"a.csv", "b.npz", "gone.csv"}
    assert found["gone.csv"].damage.endswith(
        "gone.csv cannot be read (No such file or directory): see to it, and verify again"
    )
    assert sum(file.damage is not None for file in found.values()) == 1


def test_the_page_shows_no_damaged_figure_and_no_damaged_facts(tmp_path):
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(truncated((tmp_path / "a.png").read_bytes()))
    (tmp_path / "a.json").write_text('{"finished": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.png is damaged \(.*\): delete it and have"):
        page.image(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"a\.json is damaged \(it has no commit, .*: delete it"):
        page.facts([tmp_path / "a.json"])


def test_verify_names_every_damaged_file_and_no_other(repository):
    results = repository.folder / "results"
    found = list(verify(results))
    checked = sum(file.checked for file in found)
    assert checked > 100 and not any(file.damage or file.leftover for file in found)
    for name, change in DAMAGED.items():
        path = results / name
        content = path.read_bytes()
        path.unlink()  # a checkpoint's second name keeps its content
        path.write_bytes(change(content))
    damaged = {str(f.path.relative_to(results)): f.damage for f in verify(results) if f.damage}
    assert set(damaged) == set(DAMAGED)
    for name, line in damaged.items():
        assert name in line and "is damaged" in line and "delete it" in line and "\n" not in line
    run = repository.snakemake("verify", check=False)
    assert run.returncode == 1
    assert all(f"results/{name} is damaged" in run.stdout for name in DAMAGED)
    assert f"{checked} files checked, {len(DAMAGED)} damaged" in run.stdout + run.stderr
    assert all((run.stdout + run.stderr).count(f"results/{name} is") == 1 for name in DAMAGED)


def test_verify_says_what_is_unfinished(repository):
    (repository.folder / "results/checkpoints/capacity/cnn1/seed7.resume").touch()
    run = repository.snakemake("verify")
    assert "seed7.resume is of an unfinished training" in run.stdout + run.stderr
    assert ", 0 damaged" in run.stdout + run.stderr
    shutil.rmtree(repository.folder / "results")
    (repository.folder / "results").mkdir()
    with pytest.raises(ValueError, match="has no results: build some"):
        list(verify(repository.folder / "results"))
    run = repository.snakemake("--quiet", "all", "--", "verify", check=False)  # as make does
    assert run.returncode == 1
    assert "results has no results: build some, with snakemake or make demo" in run.stdout
