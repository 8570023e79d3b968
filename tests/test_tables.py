"""Tables: values come back as they were, and what was changed since is refused."""

import csv
import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hw1 import drawing
from hw1.results import arrays, recipes, tables
from hw1.training import checkpoints

ROWS = [
    {"experiment": "e", "variant": "v", "seed": 3, "epoch": epoch, "loss": loss, "note": None}
    for epoch, loss in ((1, 1.5), (2, 0.1 + 0.2), (3, 1e-300), (4, 12.25))
]


def run(rows: list[dict], seed: int = 0) -> list[dict]:
    return tables.identify(SimpleNamespace(experiment="e", variant="v", seed=seed), rows)


NOTES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))


@given(st.lists(st.tuples(st.floats(allow_nan=False), NOTES), min_size=1))
def test_values_survive_a_table_and_a_concatenation(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("tables")
    rows = [{"loss": loss, "note": note} for loss, note in rows]
    for seed in (0, 1):
        tables.write(folder / f"{seed}.csv", run(rows, seed))
    joined = tables.concatenate([folder / "0.csv", folder / "1.csv"])
    tables.write(folder / "both.csv", joined)
    assert [float(row["loss"]) for row in joined] == [row["loss"] for row in rows] * 2
    assert [row["note"] for row in joined] == [row["note"] for row in rows] * 2
    found = tables.read(folder / "both.csv")
    assert list(found.columns) == ["experiment", "variant", "seed", "loss", "note"]
    assert found["loss"].tolist() == [row["loss"] for row in rows] * 2


def test_a_table_is_an_ordinary_one_for_other_readers(tmp_path):
    tables.write(tmp_path / "a.csv", ROWS)
    text = (tmp_path / "a.csv").read_text(encoding="utf-8")
    assert text.splitlines() == [
        "experiment,variant,seed,epoch,loss,note",
        "e,v,3,1,1.5,",
        "e,v,3,2,0.30000000000000004,",
        "e,v,3,3,1e-300,",
        "e,v,3,4,12.25,",
    ]
    found = pd.read_csv(tmp_path / "a.csv")
    assert found["loss"].tolist() == [row["loss"] for row in ROWS] and len(found) == len(ROWS)
    assert [row["epoch"] for row in csv.DictReader(io.StringIO(text))] == ["1", "2", "3", "4"]


def test_the_digest_beside_a_table_is_one_that_sha256sum_reads(tmp_path):
    tables.write(tmp_path / "a.csv", ROWS)
    said = ["sha256sum", "-c", "--strict", "a.csv.sha256"]
    run = subprocess.run(said, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "a.csv: OK\n", "")
    (tmp_path / "a.csv").write_text("experiment\n", encoding="utf-8")
    assert subprocess.run(said, cwd=tmp_path, capture_output=True).returncode == 1


def test_a_file_carries_what_its_job_was_asked_for(tmp_path, monkeypatch):
    """Of each form; and none does where nobody asked."""
    paths = [tmp_path / f"a.{ending}" for ending in ("csv", "npz", "png", "svg", "html")]
    table, archive, png, svg, html = paths
    for recipe in ("", "ab" * 32, "01" * 32):
        monkeypatch.setenv("HW1_RECIPE", recipe)
        tables.write(table, ROWS)
        arrays.save(archive, {"values": np.arange(9.0)})
        drawing.save(drawing.panels(1, 1, (2, 2), "t")[0], png, svg, 50, "a finding")
        html.write_text(f'<html><meta name="identifier" content="{recipes.current()}">')
        assert [recipes.of(path) for path in paths] == [recipe or "0" * 64] * 5
        assert tables.read(table)["epoch"].tolist() == [1, 2, 3, 4]
        assert arrays.load(archive)["values"].tolist() == list(range(9))
    table.with_name("a.csv.sha256").unlink()
    png.unlink()
    archive.write_bytes(b"x" * 200)
    html.write_text("<html></html>")
    assert [recipes.of(path) for path in (table, png, archive, html)] == [None] * 4
    with pytest.raises(ValueError, match=r"a\.csv\.sha256, which has its digest, is not there"):
        tables.read(table)


def test_tables_of_other_columns_are_joined_with_gaps(tmp_path):
    tables.write(tmp_path / "a.csv", run([{"loss": 1.5}]))
    tables.write(tmp_path / "b.csv", run([{"gradient_norm": 2.5}], 1))
    tables.write(tmp_path / "c.csv", tables.concatenate([tmp_path / "a.csv", tmp_path / "b.csv"]))
    lines = (tmp_path / "c.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "experiment,variant,seed,loss,gradient_norm"
    assert lines[1:] == ["e,v,0,1.5,", "e,v,1,,2.5"]


def test_a_table_without_rows_is_no_damage_and_differs_from_one_that_lost_them(tmp_path):
    path = tmp_path / "a.csv"
    tables.write(path, [])
    assert tables.read(path).empty
    tables.write(path, [], ["a", "b"])
    assert tables.read(path).columns.tolist() == ["a", "b"] and tables.read(path).empty
    assert tables.concatenate([path]) == []
    tables.write(path, ROWS)
    content = path.read_text(encoding="utf-8")
    for left in (content.splitlines()[0] + "\n", "\n", ""):
        path.write_text(left, encoding="utf-8")
        with pytest.raises(ValueError, match="is damaged"):
            tables.read(path)


@pytest.mark.parametrize(
    "before, after",
    [("12.25", "12.26"), ("e,v,3,3,1e-300,\n", ""), ("\n", "\r\n")],
    ids=["a digit", "a row lost", "windows' line ends"],
)
def test_an_edited_table_is_refused(tmp_path, before, after):
    path = tmp_path / "a.csv"
    tables.write(path, ROWS)
    content = path.read_bytes()
    path.write_bytes(content.replace(before.encode(), after.encode()))
    assert path.read_bytes() != content
    for read in (tables.read, lambda path: tables.concatenate([path])):
        with pytest.raises(ValueError, match=r"a\.csv is damaged: .*: delete it and") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_table_cut_off_anywhere_is_never_read(tmp_path):
    path = tmp_path / "a.csv"
    tables.write(path, ROWS)
    content = path.read_bytes()
    for length in range(len(content)):
        zeroed = content[:length] + bytes(len(content) - length)
        for damaged in (content[:length], zeroed, content[:length] + b"\xff\n\n"):
            path.write_bytes(damaged)
            for read in (tables.read, lambda path: tables.concatenate([path])):
                with pytest.raises(ValueError, match=r"a\.csv is damaged: .* delete it"):
                    read(path)


def test_each_run_is_joined_once(tmp_path):
    tables.write(tmp_path / "a.csv", run([{"loss": 1.5}]))
    tables.write(tmp_path / "again.csv", run([{"loss": 2.5}]))
    with pytest.raises(ValueError, match=r"again\.csv is of the run e/v/0, as is .*a\.csv"):
        tables.concatenate([tmp_path / "a.csv", tmp_path / "again.csv"])
    tables.write(tmp_path / "both.csv", run([{"loss": 1.5}]) + run([{"loss": 3.5}], 1))
    with pytest.raises(ValueError, match=r"both\.csv is of the run e/v/0, as is .*a\.csv"):
        tables.concatenate([tmp_path / "a.csv", tmp_path / "both.csv"])
    rows = tables.concatenate([tmp_path / "both.csv"])
    assert [(row["seed"], row["loss"]) for row in rows] == [("0", "1.5"), ("1", "3.5")]


def saved(folder: Path, ending: str) -> tuple[Path, Callable[[Path], object]]:
    """A file of numbers, and what reads it."""
    path = folder / f"a.{ending}"
    values = np.arange(60.0)
    if ending == "npz":
        arrays.save(path, {"values": values, "seed": np.array(3)})
        return path, arrays.load
    checkpoints.save(path, {"values": torch.from_numpy(values)})
    return path, checkpoints.load


@pytest.mark.parametrize("ending", ["npz", "pt"])
def test_no_other_bit_of_an_array_or_a_tensor_passes(tmp_path, ending):
    """Headers and directory too: a size or a flag there makes other numbers of the same bytes. That
    the digest tells each bit is in test_verification."""
    path, load = saved(tmp_path, ending)
    content = path.read_bytes()
    load(path)
    for bit in range(0, 8 * len(content), 101):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(ValueError, match=rf"a\.{ending} is .*: delete it and have"):
            load(path)
    for damaged in (*(content[:length] for length in range(0, len(content), 97)), bytes(5000)):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="delete it and have Snakemake make it again, by its"):
            load(path)


def test_arrays_and_tensors_are_ordinary_files_for_other_readers(tmp_path):
    path, _ = saved(tmp_path, "npz")
    assert np.load(path)["values"].tolist() == list(range(60))
    path, _ = saved(tmp_path, "pt")
    assert torch.load(path)["values"].tolist() == list(range(60))
    assert torch.load(path, mmap=True)["values"].tolist() == list(range(60))
    assert zipfile.ZipFile(path).testzip() is None
