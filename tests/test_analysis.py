"""Interpolation, principal components, weights and tables, each with a planted answer."""

import numpy as np
import pytest
import torch
from planted import run_of, run_with
from torch import nn

from hw1.analyses import barriers, interpolate, pca
from hw1.data.inputs import Data, Split
from hw1.networks import models, weights
from hw1.settings.architectures import Cnn, Mlp
from hw1.settings.dataset import Digits, Inputs

DIGITS = Digits(size=28, test_share=0.2)


def test_squared_error_of_a_linear_model_is_a_parabola_along_the_line():
    x = torch.tensor([[1.0], [2.0]])
    splits = {"train": Split(x, torch.zeros(2, 1))}
    # weight goes from 1 to -1, bias stays 0: prediction (1 - 2a) x, loss (1 - 2a)^2 * 5 / 2
    ends = np.array([1, 0], np.float32), np.array([-1, 0], np.float32)
    alphas = np.array([-1, 0, 0.5, 1, 2])
    rows = list(interpolate.line(nn.Linear(1, 1), *ends, alphas.tolist(), splits))
    assert [row["alpha"] for row in rows] == alphas.tolist()
    assert [row["loss"] for row in rows] == pytest.approx((2.5 * (1 - 2 * alphas) ** 2).tolist())


def test_ends_of_the_line_are_the_two_networks():
    model = models.build(Mlp(hidden=(5,)), (4,), 10, (0, 0))
    start, end = (
        nn.utils.parameters_to_vector(
            models.build(Mlp(hidden=(5,)), (4,), 10, (0, stream)).parameters()
        ).detach()
        for stream in (0, 1)
    )
    split = Split(torch.randn(9, 4), torch.arange(9))
    for alpha, vector in ((0.0, start), (1.0, end)):
        rows = interpolate.line(model, start.numpy(), end.numpy(), [alpha], {"train": split})
        list(rows)
        assert torch.equal(nn.utils.parameters_to_vector(model.parameters()), vector)


def test_rows_of_two_batches_are_those_of_one_that_has_both():
    """Of what one job sees of each seed, since how many seeds a job has must change no table."""
    shown = Inputs(size=28, range=(0, 1), labels="given")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (5, 28, 28), dtype=np.uint8)
    arrays = {f"{split}_inputs": images for split in ("train", "test")}
    arrays |= {f"{split}_targets": np.arange(5) for split in ("train", "test")}
    data = Data(arrays, torch.device("cpu"))
    p = 28 * 28 * 3 + 3 + 3 * 10 + 10

    def runs(*seeds: int) -> list[weights.Snapshots]:
        return [
            run_of(
                np.random.default_rng([seed, place]).standard_normal(p),
                hidden=[3], variant=variant, seed=seed, dataset=DIGITS, inputs=shown,
            )
            for place, variant in enumerate("abc") for seed in seeds
        ]  # fmt: skip

    lines = {"ac": {"from": "a", "to": "c"}, "bc": {"from": "b", "to": "c", "units": "matched"}}
    for kind, said in (
        (interpolate, {"start": 0, "stop": 1, "points": 3}),
        (barriers, {"points": 3, "train_examples": 5, "lines": lines}),
    ):
        both, first, second = (
            kind.analyse(runs(*seeds), said, data)[""] for seeds in ((0, 1), (0,), (1,))
        )
        assert both == first + second and len(both) > 10
        pairs = {"a_b", "a_c", "b_c"} if kind is interpolate else {*lines}  # by default all
        assert {(r["variant"], r["seed"]) for r in both} == {(p, s) for p in pairs for s in (0, 1)}


def test_pca_finds_a_planted_plane():
    random = np.random.default_rng(0)
    plane = np.linalg.qr(random.standard_normal((500, 2)))[0].T
    coordinates = random.standard_normal((20, 2)) * [5, 2]
    coordinates -= coordinates.mean(0)
    projected, shares = pca.project(coordinates @ plane + 3)
    assert shares.sum() == pytest.approx(1)
    distances = [
        np.linalg.norm(points[:, None] - points[None], axis=-1)
        for points in (coordinates, projected)
    ]
    assert np.allclose(*distances)
    # The longer one first, with its own share.
    across = np.linalg.svd(coordinates, compute_uv=False)
    assert np.allclose(np.linalg.norm(projected, axis=0), across)
    assert np.allclose(shares, across**2 / (across**2).sum())


def test_independent_runs_share_their_variance_evenly():
    points = np.random.default_rng(0).standard_normal((8, 20_000))
    ratio = pca.project(points)[1].sum()
    assert ratio == pytest.approx(2 / 7, rel=0.05)  # R independent runs: 2 / (R - 1)


def test_weights_are_flattened_in_the_order_of_parameters(tmp_path):
    spec = Cnn(conv=(2,), kernel=3, padding=1, pooling=True, hidden=(3,))
    model, settings = models.build(spec, (1, 4, 4), 10, (0, 0)), run_with(model=spec, seed=1)
    from hw1.training.recording import snapshot

    run = {"settings": settings.text, "snapshots": {4: snapshot(model), 0: snapshot(model)}}
    early = run | {"snapshots": {0: run["snapshots"][0]}}  # it stopped at once
    weights.save(tmp_path / "w.npz", [weights.flatten(early), weights.flatten(run)])
    first, loaded = weights.load(tmp_path / "w.npz")
    assert first.epochs.tolist() == [0]
    vector = nn.utils.parameters_to_vector([p.contiguous() for p in model.parameters()])
    assert loaded.epochs.tolist() == [0, 4]
    assert np.array_equal(loaded.weights[0], vector.detach().numpy())
    assert loaded.first_layer == 2 * (9 + 1)
    assert loaded.settings == settings


def test_a_run_gives_a_network_with_the_weights_of_a_snapshot():
    model = models.build(Mlp(hidden=(5,)), (1, 2, 2), 10, (0, 0))
    vector = nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    run = run_of(vector, 2 * vector, hidden=[5], dataset=DIGITS, inputs=Inputs(size=2))
    x = torch.ones(1, 4)
    assert torch.equal(run.network(snapshot=0)(x), model(x))
    assert not torch.equal(run.network()(x), model(x))


def test_a_network_with_batch_norm_comes_back_with_its_statistics(tmp_path):
    spec = Cnn(conv=(3,), kernel=3, padding=1, pooling=True, hidden=(4,), batch_norm=True)
    model = models.build(spec, (1, 4, 4), 10, (0, 0))
    x = torch.randn(50, 1, 4, 4)
    model(x)  # moves its statistics
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    settings = run_with(model=spec, dataset=DIGITS, inputs=Inputs(size=4))
    run = {"settings": settings.text, "snapshots": {2: state}}
    weights.save(tmp_path / "w.npz", [weights.flatten(run)])
    (loaded,) = weights.load(tmp_path / "w.npz")
    assert loaded.weights.shape == (1, sum(p.numel() for p in model.parameters()))
    assert loaded.statistics.shape == (1, 2 * (3 + 4) + 2)
    assert loaded.first_layer == 3 * 10
    assert torch.equal(loaded.network()(x), model.eval()(x))


def test_the_alphas_of_the_default_hold_the_points_that_claims_speak_of():
    grid = interpolate.grid(-1, 2, 61)
    assert len(grid) == 61
    assert {-1.0, 0.0, 0.5, 1.0, 2.0} <= set(grid)
