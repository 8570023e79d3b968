"""Figures: every function draws, says what it shows, and gives the same bytes again."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.text import Text
from planted import by_batch_size, run_with

from hw1 import drawing
from hw1.results import tables
from hw1.results.wording import VERDICTS
from hw1.settings import kinds, requirements

KINDS = sorted((ROOT / "src/hw1/figures").glob("[!_]*.py"))
COLOURS = {
    name: f"#{i:02x}4477"
    for i, name in enumerate(
        "deep medium shallow truth train test gradient_norm loss guide confirmed refuted "
        "inconclusive not_enough_seeds smaller_than_matters no_difference_that_matters "
        "not_computed born_dead died alive".split()
    )
}


def test_what_a_user_set_for_matplotlib_is_not_in_a_figure(tmp_path):
    pages = []
    theirs = {"font.size": 30, "axes.facecolor": "black", "lines.linewidth": 9}
    for name, settings in {"plain": {}, "theirs": theirs}.items():
        with mpl.rc_context(settings):
            figure = draw("collapse", *cases(2)["collapse"])
            drawing.save(figure, tmp_path / f"{name}.png", tmp_path / f"{name}.svg", 50)
        pages.append([(tmp_path / f"{name}.{kind}").read_bytes() for kind in ("png", "svg")])
    assert pages[0] == pages[1]


def style(**options) -> dict:
    look = {"dpi": 50, "dataset": "Toy data", "colours": COLOURS, "runs": "viridis"}
    return look | {"left_out": []} | options


def draw(name: str, look: dict, shown: list[pd.DataFrame]):
    return drawing.draw(kinds.load(ROOT / f"src/hw1/figures/{name}.py").draw, look, shown)


def table(variants, seeds, **columns) -> pd.DataFrame:
    """The same columns for every variant and seed, shifted a little by seed."""
    n = len(next(iter(columns.values())))
    parts = []
    for variant in variants:
        for seed in range(seeds):
            part = pd.DataFrame(columns)
            numbers = part.select_dtypes("float").columns
            part[numbers] = part[numbers] + 0.01 * seed
            part.insert(0, "seed", [seed] * n)
            part.insert(0, "variant", variant)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def cases(seeds: int) -> dict[str, tuple[dict, list[pd.DataFrame]]]:
    models = [f"sinc_{size}" for size in ("deep", "medium", "shallow")]
    curve = dict(epoch=[1, 2, 3], iteration=[1, 2, 3], batch_loss=[0.3, 0.2, 0.1])
    curve |= {
        f"{split}_{measure}": [0.3, 0.2, 0.1]
        for split in ("batch", "train", "test")
        for measure in ("loss", "accuracy")
    }
    metrics = table(
        ["m"], seeds, epoch=[0, 0, 3, 3], split=["train", "test"] * 2, parameters=[10] * 4,
        loss=[2.0, 2.1, 0.5, 0.6], accuracy=[0.1, 0.1, 0.9, 0.8],
    )  # fmt: skip
    path = dict(epoch=[0, 3], component_1=[0.0, 1.0], component_2=[0.0, 2.0])
    variance = pd.DataFrame({"component": [1, 2], "explained_variance_ratio": [0.6, 0.3]})
    alphas = dict(alpha=[-1.0, 0.0, 1.0, 2.0] * 2, split=["train"] * 4 + ["test"] * 4)
    alphas["alpha"] = np.array(alphas["alpha"]).round().astype(int)
    return {
        "function_loss": (
            style(left_out=["sign_deep"]),
            [
                table([*models, "sign_deep"], seeds, **curve),
                table(models, seeds, parameters=[351]),
            ],
        ),
        "function_fit": (
            style(),
            [table(models, seeds, x=[0, 1, 2], target=[0, 1, 0], prediction=[0.1, 0.9, 0.0])],
        ),
        "training_curves": (style(measure="loss"), [table(["shallow", "deep"], seeds, **curve)]),
        "trajectories": (
            style(part="all weights"), [table(["m"], seeds, **path), variance, metrics],
        ),
        "gradient_norm": (
            style(), [table(["m"], seeds, gradient_norm=[1.0, 2.0, 1.5], **curve)],
        ),
        "interpolation": (
            style(datasets={"a": "d", "b": "d"}),
            [table(["a_b"], seeds, loss=[1.0] * 8, accuracy=[0.5] * 8, **alphas)],
        ),
        "parameters": (style(groups=[]), [metrics]),
        "random_labels": (style(), [table(["m"], seeds, **curve)]),
        "collapse": (
            style(datasets={name: name[:4] for name in [*models, "sign_deep"]}),
            [
                table(
                    [*models, "sign_deep"], seeds, epoch=[5], split=["train"], loss=[0.3],
                    constant_loss=[1.0],
                )
            ],
        ),
    }  # fmt: skip


def other_cases(seeds: int) -> dict[str, tuple[dict, list[pd.DataFrame]]]:
    """Tables of the kinds that `cases` has none of."""
    names = ["rule_a_16", "rule_a_64"]
    ends = dict(epoch=[3, 3], split=["train", "test"], loss=[0.5, 0.6], accuracy=[0.9, 0.8])
    sharp = {f"{which}_eigenvalue": [2.0] for which in ("largest", "normalised")} | {
        "box_rise": [3.0]
    }
    plane = dict(
        x=[-1, 0, 1] * 3, y=[-1] * 3 + [0] * 3 + [1] * 3, loss=[3.0, 2, 3, 2, 1] + [3.0] * 4
    )
    dead = dict(epoch=[0, 0], layer=[1, 2], units=[4, 4], dead_units=[0, 1])
    point = dict(loss=[1.0], gradient_norm=[1e-9], experiment="e")
    ratios = dict(minimal_ratio=[0.5, 0.25], experiment="e")
    shares = dict(component=[1, 2], explained_variance_ratio=[0.5, 0.25])
    part = dict(
        claim=["C1"], claim_verdict="confirmed", verdict="confirmed", measure="m", decides=True,
        effect=2.0, effect_low=1.0, effect_high=3.0, confirmed_above=1.0, confirmed_below=np.nan,
    )  # fmt: skip
    return {
        "batch_sizes": (
            style(**by_batch_size(names)),
            [
                table(names, seeds, **ends),
                table(names, seeds, epoch=[3], probabilities=[0.5]),
                table(names, seeds, **sharp),
            ],
        ),
        "between_networks": (
            style(),
            [table(["one_way", "aligned"], seeds, alpha=[0, 1], split="test", loss=[1.0, 2.0],
                   accuracy=[0.9, 0.8])],
        ),
        "born_dead": (style(), [table(["a", "b"], seeds, **dead)]),
        "claims": (style(title="Claims"), [pd.DataFrame(part)]),
        "descent_path": (
            style(),
            [
                table(["m"], seeds, **plane),
                table(["m"], seeds, epoch=[0, 2], x=[1.0, 0.0], y=[1.0, 0.0], loss=[2.0, 1.0]),
                table(["m"], seeds, **shares),
            ],
        ),
        "distance_by_epoch": (
            style(part="all weights"),
            [table(["m", "n"], seeds, epoch=[0, 4], other_seed=9, distance=[1.0, 2.0])],
        ),
        "error_surface": (style(), [table(["m", "n"], seeds, **plane)]),
        "fitting": (style(axis="share"), [table(["share_0", "share_50"], seeds, **ends)]),
        "minimal_ratio": (
            style(gradient_norm=1e-5, threshold=0.2),
            [table(["a", "b"], seeds, **point),
             table(["a", "b"], seeds, **ratios).assign(threshold=[0.1, 0.2] * 2 * seeds)],
        ),
        "stuck": (
            style(above=0.5),
            [table(["net_a", "net_b"], seeds, **dead),
             table(["net_a", "net_b"], seeds, epoch=[9], split="train", loss=[0.9],
                   constant_loss=1.0)],
        ),
    }  # fmt: skip


def of_one_point(shown: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables with one variant, epoch, iteration, sample, alpha and threshold; a grid of the
    loss, of which no analysis makes a single point, is left as it is."""
    found = []
    for rows in shown:
        if "variant" in rows:
            rows = rows[rows["variant"] == rows["variant"].iloc[0]]
        sample = [] if "y" in rows else ["x"]
        ends = {"alpha": 0, "iteration": 1}
        for axis in ("iteration", "epoch", "alpha", "threshold", *sample):
            if axis in rows:
                rows = rows[rows[axis] == ends.get(axis, rows[axis].max())]
        found.append(rows)
    return found


def one_point(name: str, seeds: int):
    """A figure that has been drawn of one point."""
    look, shown = (cases(seeds) | other_cases(seeds))[name]
    if name != "interpolation" and "datasets" in look:
        look = look | {"datasets": dict([*look["datasets"].items()][:1])}
    figure = draw(name, look | {"dataset": "sinc, 1000 points"}, of_one_point(shown))
    FigureCanvasAgg(figure).draw()
    return figure


def ink(figure, artist) -> int:
    """How many pixels an artist alone leaves on a figure that has been drawn."""
    renderer = figure.canvas.get_renderer()
    renderer.clear()
    artist.draw(renderer)
    return int((np.asarray(figure.canvas.buffer_rgba())[..., 3] > 0).sum())


def holds(artist) -> bool:
    """Is there a number in a line, or a height in a band?"""
    if isinstance(artist, Line2D):
        return np.isfinite(artist.get_xydata()).all()
    return any(np.ptp(path.vertices[:, 1]) > 0 for path in artist.get_paths())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("name", [file.stem for file in KINDS])
def test_one_point_can_be_seen_of_every_kind(name, seeds):
    figure = one_point(name, seeds)
    panels = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    for axes in panels:
        data = [a for a in (*axes.lines, *axes.collections) if a.get_transform() == axes.transData]
        seen = [ink(figure, artist) for artist in data if holds(artist)]
        assert 0 not in seen
        assert sum(seen) + sum(ink(figure, bar) for bar in axes.patches) > 9
    for words in (*figure.legends, figure._suptitle):
        low, high = words.get_window_extent().get_points()
        assert (low >= 0).all() and (high <= figure.bbox.size).all()


def test_the_one_epoch_of_a_loss_is_a_point_also_in_the_legend():
    figure = one_point("function_loss", 3)
    (panel,) = figure.axes
    points = [(list(line.get_xdata()), line.get_marker()) for line in panel.lines]
    assert points == [([1], "o")] * 5
    assert not any(line.get_clip_on() for line in panel.lines)  # it lies on the edge
    assert [line.get_marker() for line in figure.legends[0].get_lines()] == ["o", "o"]
    assert [tick for tick in panel.get_xticks() if 0 <= tick <= 1] == [0, 1]
    whole = draw("function_loss", *cases(3)["function_loss"])
    lines = [*whole.axes[0].lines, *whole.legends[0].get_lines()]
    assert {line.get_marker() for line in lines} == {"None"}


def test_the_one_epoch_is_the_only_tick():
    for name in ("training_curves", "random_labels", "distance_by_epoch"):
        for panel in one_point(name, 1).axes:
            low, high = panel.get_xlim()
            assert [tick for tick in panel.get_xticks() if low <= tick <= high] in ([1], [4])


def test_one_iteration_has_no_phases():
    assert not any(axes.texts for axes in one_point("gradient_norm", 1).axes)
    assert len(draw("gradient_norm", *cases(1)["gradient_norm"]).axes[0].texts) == 3


def test_a_point_between_what_is_no_number_can_be_seen():
    values = [1.0, np.nan, 2.0, 3.0, np.nan]
    of = {"variant": "a", "seed": 0, "split": "test", "alpha": [0, 0.25, 0.5, 0.75, 1]}
    barriers = pd.DataFrame(of | {"loss": values, "accuracy": 0.5})
    figure = draw("between_networks", style(), [barriers])
    broken, whole = (axes.lines[0] for axes in figure.axes)
    assert (broken.get_marker(), broken.get_markevery()) == ("o", [0])
    assert whole.get_marker() == "None"
    assert [line.get_marker() for line in figure.legends[0].get_lines()] == ["None"]


def test_a_flat_function_is_drawn_with_what_networks_make_of_it():
    """The limits are the function's, but of two points of sinc on either side of 0 it has none."""
    two = pd.DataFrame({"variant": "a", "seed": 0, "x": [-1, 1], "target": 0.5})
    (panel,) = draw("function_fit", style(), [two.assign(prediction=[0.0, 3.0])]).axes
    low, high = panel.get_ylim()
    assert low < 0 and high > 3


def test_a_variant_looks_the_same_in_the_last_epochs_where_another_has_ended():
    history = cases(1)["training_curves"][1][0]
    short = history[(history["variant"] != "shallow") | (history["epoch"] == 1)]
    names = {"shallow": "first", "deep": "second"}
    short = short.assign(variant=short["variant"].map(names))
    left, right = draw("training_curves", style(measure="loss"), [short]).axes
    assert [line.get_label() for line in right.lines] == ["second, training", "second, test"]
    first = ["first, training", "first, test", "first, mean of the training curve"]
    labels = [*first, *(label.replace("first", "second") for label in first)]
    assert [line.get_label() for line in left.lines] == labels
    for early, late in zip(left.lines[3:], right.lines):
        assert (early.get_color(), early.get_marker()) == (late.get_color(), late.get_marker())


def test_no_minimal_ratio_by_threshold_is_said_in_words():
    look, shown = other_cases(2)["minimal_ratio"]
    zero = [shown[0], shown[1].assign(threshold=0.0)]
    for options, tables_, words in (
        ({"gradient_norm": 1e-20}, shown, "no run arrived"),
        ({"threshold": 0}, zero, "no threshold is above 0"),
    ):
        panel = draw("minimal_ratio", look | options, tables_).axes[1]
        assert [text.get_text() for text in panel.texts] == [words]


def test_networks_without_hidden_layers_have_no_dead_ones():
    with pytest.raises(ValueError, match=r"variants\.a\.model\.hidden: found \[\], but it shows"):
        requirements.one_width([run_with(variant="a")])
    look, (dead, metrics) = other_cases(2)["stuck"]
    (panel,) = draw("stuck", look, [dead[:0], metrics]).axes
    heights = {bar.get_label(): bar.patches[0].get_height() for bar in panel.containers[:3]}
    assert [*heights.values()] == [0, 0, 100]


def texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("name", cases(1))
def test_figure_names_data_set_and_seeds_and_labels_every_axis(name, seeds):
    drawn = draw(name, *cases(seeds)[name])
    words = texts(drawn)
    assert "Toy data" in words
    expected = "one seed" if seeds == 1 else f"median and range of {seeds} seeds"
    if name in ("function_fit", "function_loss", "collapse"):
        expected = f"{seeds} seeds" if seeds > 1 else "one seed"
    if name == "trajectories":
        expected = "one run" if seeds == 1 else f"{seeds} runs"
    assert expected in words
    if name == "collapse":
        assert [axes.get_title() for axes in drawn.axes] == ["sinc", "sign"]
        return  # its x axis has names in place of a label
    shared = drawn.axes[0].get_shared_x_axes().joined(drawn.axes[0], drawn.axes[-1])
    labelled = drawn.axes[-1:] if shared else drawn.axes
    assert all(axes.get_xlabel() for axes in labelled)
    assert drawn.axes[0].get_ylabel()


def test_every_kind_of_figure_says_what_it_shows():
    for file in KINDS:
        assert callable(kinds.load(file).finding), file


def test_curve_is_the_median_and_band_the_range():
    history = pd.DataFrame(
        {"seed": [0, 1, 2], "epoch": [1, 1, 1], "value": [1.0, 5.0, 2.0]}
    ).sort_values("seed")
    axes = drawing.Figure().subplots()
    drawing.spread(axes, history, "epoch", "value", "#000000")
    assert axes.lines[0].get_ydata().tolist() == [2.0]
    (band,) = axes.collections
    assert band.get_paths()[0].vertices[:, 1].min() == 1.0
    assert band.get_paths()[0].vertices[:, 1].max() == 5.0


def test_only_the_functions_own_variants_are_drawn():
    drawn = draw("function_loss", *cases(2)["function_loss"])
    titles = [axes.get_title() for axes in drawn.axes]
    assert titles == [f"{size}, 351 parameters" for size in ("deep", "medium", "shallow")]
    # The median, in black, lies over the lines of both seeds.
    assert [axes.lines[-1].get_color() for axes in drawn.axes] == ["black"] * 3


def test_a_variant_of_another_experiment_is_drawn_beside():
    beside = {"experiment": "other", "variant": "a", "title": "Of $5 or $6", "dataset": "Toys"}
    options, (own,) = cases(1)["random_labels"]
    # The other experiment's variant has a name that the figure leaves out of its own.
    other = table(["a", "b"], 2, epoch=[1, 2], batch_accuracy=[0.25, 0.75])
    options = options | {"beside": beside, "left_out": ["a"]}
    figure = draw("random_labels", options, [own, other])
    panel = figure.axes[2]
    assert panel.get_title() == "Beside: Of \\$5 or \\$6\n(other, Toys,\n2 seeds, a line each)"
    assert [list(line.get_ydata()) for line in panel.lines[:-1]] == [
        pytest.approx([25, 75]),
        pytest.approx([26, 76]),
    ]
    assert len(draw("random_labels", *cases(1)["random_labels"]).axes) == 2


def curves(axes) -> dict[str, list[float]]:
    """y data of the labelled lines of one axes."""
    return {
        line.get_label(): pytest.approx(list(line.get_ydata()))
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def test_final_metrics_are_drawn_by_split_and_in_percent():
    loss, accuracy = draw("parameters", *cases(1)["parameters"]).axes
    assert curves(loss) == {"train": [0.5], "test": [0.6]}  # not those of epoch 0
    assert curves(accuracy) == {"train": [90], "test": [80]}


def test_a_group_of_sizes_is_shaded_with_its_mean_on_test_examples():
    rows = [
        {"variant": name, "seed": seed, "epoch": 1, "split": split, "parameters": count}
        | {"loss": loss * (1 + 3 * seed), "accuracy": accuracy}
        for seed in (0, 1)
        for name, count, loss, accuracy in (
            ("a", 10, 1.0, 0.5),
            ("b", 40, 4.0, 0.7),
            ("c", 90, 9, 1),
        )
        for split in ("train", "test")
    ]
    look = style(groups=[["a", "b"], ["c", "no such size"]])
    loss, accuracy = draw("parameters", look, [pd.DataFrame(rows)]).axes
    # The geometric mean of 1 and 4 is 2, at the other seed 8; the median of both is 5.
    means = [[list(line.get_xdata()), list(line.get_ydata())] for line in loss.lines[2:3]]
    assert means == [[[10, 40], [pytest.approx(5)] * 2]]
    assert list(accuracy.lines[2].get_ydata()) == [pytest.approx(60)] * 2
    assert len(loss.patches) == len(accuracy.patches) == 1
    assert curves(loss)["test, mean of a group"] == []


def test_losses_of_windows_are_drawn_beside_the_loss():
    history = pd.DataFrame(
        {"variant": "m", "seed": seed, "epoch": 1, "iteration": np.arange(1, 31)}
        | {"gradient_norm": 1.0, "batch_loss": (1 + seed) * np.repeat(np.arange(15.0, 0, -1), 2)}
        for seed in (0, 2)
    )
    history = history.explode(["iteration", "batch_loss"]).astype(
        {"iteration": int, "batch_loss": float}
    )
    loss = draw("gradient_norm", style(), [history]).axes[1]
    (inset,) = loss.child_axes
    steps = [patch.get_data() for patch in inset.patches]
    # Windows of two iterations: of 10 to 6 and 5 to 1, times 1 and 3, so 2 is the median.
    assert [list(s.values) for s in steps[::2]] == [[20, 18, 16, 14, 12], [10, 8, 6, 4, 2]]
    assert [list(s.values) for s in steps[1::2]] == [[30, 27, 24, 21, 18], [15, 12, 9, 6, 3]]
    assert [list(s.edges) for s in steps[::2]] == [
        [10, 12, 14, 16, 18, 20],
        [20, 22, 24, 26, 28, 30],
    ]


def test_line_between_two_networks_is_drawn_by_split_with_its_ends_marked():
    alphas, values = [-1, 0, 1, 2], [4.0, 1.0, 2.0, 5.0]
    table = pd.DataFrame(
        {
            "variant": "a_b", "seed": 0, "split": ["train"] * 4 + ["test"] * 4,
            "alpha": alphas * 2, "loss": values + [v + 1 for v in values],
            "accuracy": [0.1, 0.9, 0.8, 0.2, 0.1, 0.7, 0.6, 0.2],
        }
    )  # fmt: skip
    axes = draw("interpolation", style(datasets={"a": "d", "b": "d"}), [table]).axes
    loss, accuracy, between = axes
    assert curves(loss) == {"train": values, "test": [v + 1 for v in values]}
    assert curves(accuracy) == {"train": [10, 90, 80, 20], "test": [10, 70, 60, 20]}
    # The accuracy once more, between the ends; and on each panel the straight line between them.
    assert curves(between) == {"train": [90, 80], "test": [70, 60]}
    chords = [list(line.get_ydata()) for line in loss.get_lines() if len(line.get_xdata()) == 2]
    assert [1.0, 2.0] in chords and [2.0, 3.0] in chords
    marks = {text.get_text(): text.xy[0] for text in loss.texts}
    assert marks == {"A": 0, "½": 0.5, "B": 1}


def test_curves_of_random_labels_stand_beside_chance():
    history = pd.DataFrame(
        {
            "variant": "m", "seed": 0, "epoch": [1, 2], "train_loss": [2.4, 2.2],
            "test_loss": [2.5, 2.6], "train_accuracy": [0.1, 0.2], "test_accuracy": [0.1, 0.05],
        }
    )  # fmt: skip
    loss, accuracy = draw("random_labels", style(), [history]).axes
    assert curves(loss) == {
        "train (random labels)": [2.4, 2.2],
        "test (true labels)": [2.5, 2.6],
        "guessing at random": [np.log(10)] * 2,
    }
    assert curves(accuracy)["train (random labels)"] == [10, 20]
    assert curves(accuracy)["guessing at random"] == [10, 10]


def test_every_run_is_a_point_of_the_strip_beside_what_a_constant_achieves():
    losses = pd.DataFrame(
        {"variant": "sinc_deep", "seed": range(4), "epoch": 9, "split": "train",
         "loss": [0.1, 0.1, 0.5, 0.2], "constant_loss": 0.5}
    )  # fmt: skip
    (axes,) = draw("collapse", style(datasets={"sinc_deep": "sinc"}), [losses]).axes
    points, constant, share = axes.lines
    assert list(points.get_ydata()) == [0.1, 0.1, 0.5, 0.2]
    assert len(set(points.get_xdata())) == 4  # equal losses do not hide each other
    assert constant.get_ydata()[0] == 0.5
    assert share.get_ydata()[0] == pytest.approx(0.005)


def test_claims_show_effect_interval_and_verdict_by_shape_as_well_as_colour():
    verdicts = list(VERDICTS)
    n = len(verdicts)
    parts = pd.DataFrame(
        {"claim": [f"C{i}" for i in range(n)], "claim_verdict": verdicts, "verdict": verdicts,
         "measure": [f"measure {i}" for i in range(n)], "decides": True,
         "effect": [2.0, -1.0, 0.5, *[None] * (n - 3)],
         "effect_low": [1.5, -2.0, -1.0, *[None] * (n - 3)],
         "effect_high": [2.5, -0.5, 2.0, *[None] * (n - 3)],
         "confirmed_above": [1.0, 1.0, -1.0, *[None] * (n - 3)],
         "confirmed_below": [None, None, 1.0, *[None] * (n - 3)]}
    )  # fmt: skip
    drawn = draw("claims", style(title="My claims"), [parts])
    (axes,) = drawn.axes
    words = texts(drawn)
    assert "Toy data" in words and "My claims" in words and axes.get_xlabel()
    for claim, verdict in zip(parts["claim"], verdicts):
        assert f"{claim}  {verdict}" in words
    assert [label.get_text() for label in axes.get_yticklabels()] == list(parts["measure"])
    intervals = [list(line.get_xdata()) for line in axes.lines if line.get_linewidth() == 2]
    assert intervals == [[1.5, 2.5], [-2.0, -0.5], [-1.0, 2.0]]
    entries = [line for line in drawn.legends[0].get_lines() if line.get_label() in verdicts]
    assert len({line.get_marker() for line in entries}) == len(verdicts)
    assert len({line.get_color() for line in entries}) == len(verdicts)


def test_a_table_without_a_column_is_one_line(tmp_path, monkeypatch):
    """A missing colour is none of a table's: that keeps its traceback."""
    script = kinds.load(ROOT / "workflow/scripts/figure.py")

    def drawn(columns: dict, colours: dict) -> None:
        tables.write(tmp_path / "mine.csv", [{"variant": "v", "seed": 0, **columns}])
        look = json.dumps(style(colours=colours, dpi=50, datasets={"v": "d"}, left_out=[]))
        kind = ROOT / "src/hw1/figures/collapse.py"
        options = f"figure.py|--kind|{kind}|--style|{look}|--tables|{tmp_path}/mine.csv"
        options += f"|--png|{tmp_path}/a.png|--svg|{tmp_path}/a.svg"
        monkeypatch.setattr("sys.argv", options.split("|"))
        script.main()

    with pytest.raises(SystemExit) as stopped:
        drawn({"epoch": 1}, {"guide": "#777777"})
    said = "figure: collapse draws 'split', which mine have not: give it tables that have"
    assert stopped.value.code == said
    with pytest.raises(KeyError, match="guide"):
        drawn({"epoch": 1, "split": "train", "loss": 1.0, "constant_loss": 2.0}, {})
    assert not (tmp_path / "a.png").exists()
