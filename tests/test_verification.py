"""A build is checked in seconds; each damaged file is named."""

import shutil

import pytest

from hw1.verification import verify


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    return content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 1]) + content[
        len(content) // 2 + 1 :
    ]  # fmt: skip


DAMAGED = {
    "data/digits.npz": flipped,
    "checkpoints/capacity/cnn1/seed0.pt": flipped,
    "weights/trajectory/mlp/seed1.npz": truncated,
    "metrics/capacity/cnn1/seed0.csv": lambda content: content.replace(b"1", b"2", 1),
    "tables/capacity_metrics.csv": flipped,
    "history/mnist_cnn/deep/seed0.csv": truncated,
    "fig_interp.png": truncated,
    "fig_params.svg": truncated,
    "index.html": truncated,
    "provenance/capacity/cnn1/seed0.json": truncated,
}


def test_verify_names_every_damaged_file_and_no_other(repository):
    results = repository.folder / "results"
    found = list(verify(results))
    assert len(found) > 100 and not any(file.damage for file in found)
    for name, damage in DAMAGED.items():
        path = results / name
        content = path.read_bytes()
        path.unlink()  # a checkpoint's second name keeps its content
        path.write_bytes(damage(content))
    damaged = {str(f.path.relative_to(results)): f.damage for f in verify(results) if f.damage}
    assert set(damaged) == set(DAMAGED)
    for name, line in damaged.items():
        assert name in line and "is damaged" in line and "delete it" in line and "\n" not in line
    run = repository.snakemake("verify", check=False)
    assert run.returncode == 1
    assert all(f"results/{name} is damaged" in run.stdout + run.stderr for name in DAMAGED)
    assert f"{len(found)} files checked, 10 damaged" in run.stdout + run.stderr


def test_verify_is_part_of_nothing_and_says_what_is_unfinished(repository):
    assert repository.plan() == set()
    (repository.folder / "results/checkpoints/capacity/cnn1/seed7.resume").touch()
    run = repository.snakemake("verify")
    assert "seed7.resume is of an unfinished training" in run.stdout + run.stderr
    assert ", 0 damaged" in run.stdout + run.stderr
    shutil.rmtree(repository.folder / "results")
    (repository.folder / "results").mkdir()
    with pytest.raises(ValueError, match="has no results: build some"):
        list(verify(repository.folder / "results"))


@pytest.mark.parametrize(
    "name, target",
    [
        ("metrics/capacity/cnn1/seed0.csv", "results/tables/capacity_metrics.csv"),
        ("tables/capacity_metrics.csv", "results/fig_params.png"),
        ("checkpoints/trajectory/mlp/seed0.pt", "results/weights/trajectory/mlp/seed0.npz"),
    ],
)
def test_a_changed_digit_does_not_flow_on(repository, name, target):
    path = repository.folder / "results" / name
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(
        content.replace(b"1437", b"1438") if name.endswith("csv") else flipped(content)
    )
    before = (repository.folder / target).read_bytes()
    run = repository.snakemake("--forcerun", target, "--", target, check=False)
    assert run.returncode == 1
    assert f"results/{name} is" in run.stdout + run.stderr
    assert not (repository.folder / target).exists() or (
        (repository.folder / target).read_bytes() == before
    )
    path.unlink()  # as the message says
    repository.snakemake(f"results/{name}", target)
    assert (repository.folder / target).read_bytes() == before
