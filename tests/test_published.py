"""Published tables: packed, merged, checked, and the answer that they give without training."""

import csv
import re
import shutil

import msgspec
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from repository import Repository, rules, with_controls

import publish
from hw1.plan.plan import Plan
from hw1.results import published, tables
from hw1.settings import kinds
from hw1.settings.configuration import Configuration
from hw1.settings.experiments import experiments_of, settings_of


def table(seeds: list[int], loss: float = 0.1234567) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"experiment": "e", "variant": variant, "seed": seed, "loss": loss, "accuracy": None}
            for variant in ("a", "b")
            for seed in seeds
        ]
    )


def test_a_packed_table_is_rounded_and_the_same_each_time(tmp_path):
    published.pack(tmp_path / "one.csv.xz", table([0, 1]))
    published.pack(tmp_path / "two.csv.xz", table([0, 1]))
    assert (tmp_path / "one.csv.xz").read_bytes() == (tmp_path / "two.csv.xz").read_bytes()
    found = tables.read(tmp_path / "one.csv.xz")
    assert found["loss"].tolist() == [0.123457] * 4 and found["accuracy"].isna().all()
    assert list(found["seed"]) == [0, 1, 0, 1]
    assert tables.read_all([tmp_path / "one.csv.xz"])["one"].equals(found)
    published.pack(tmp_path / "none.csv.xz", table([]).reindex(columns=["seed", "loss"]))
    assert tables.read(tmp_path / "none.csv.xz").columns.tolist() == ["seed", "loss"]
    content = (tmp_path / "one.csv.xz").read_bytes()
    for damaged in (content[:-5], content[:40], b"", b"a,sha256\n"):
        (tmp_path / "two.csv.xz").write_bytes(damaged)
        with pytest.raises(ValueError, match=r"two\.csv\.xz is damaged .*: get it anew with git"):
            tables.read(tmp_path / "two.csv.xz")


def test_a_packed_table_has_a_line_for_each_column():
    text = 'a,b\n1,"x, y"\n2,\n'
    assert tables.turned(text) == 'a,1,2\nb,"x, y",\n'
    assert tables.turned(tables.turned(text)) == text
    assert tables.turned("a,b\n") == "a\nb\n" and tables.turned("") == ""


def test_seeds_add_up_and_those_that_are_there_stay():
    both = published.merged(table([1, 2], loss=0.5), table([0, 1], loss=0.25))
    assert both.groupby("seed")["loss"].first().to_dict() == {0: 0.25, 1: 0.25, 2: 0.5}
    assert len(both) == 6


def test_other_numbers_of_a_run_are_noticed_and_rounding_is_not(tmp_path):
    key = ["variant", "seed"]
    assert published.same(table([0, 1]), table([1, 2], loss=0.123457), key) is None
    said = published.same(table([0, 1]), table([1, 2], loss=0.1235), key)
    assert said == "variant a, seed 1: loss is 0.123457, published is 0.1235"
    # So are a number on one side alone, and a row: a run that ended at another epoch.
    for ours, theirs in ((np.nan, 0.5), (0.5, np.nan)):
        assert published.same(table([0], loss=ours), table([0], loss=theirs), key), (ours, theirs)
    assert published.same(table([0], loss=np.nan), table([0], loss=np.nan), key) is None
    key += ["epoch"]
    ended = [table([0]).assign(epoch=epoch) for epoch in (12, 15)]
    assert published.same(*ended, key) == "variant a, seed 0, epoch 12: it is here alone"
    assert published.same(ended[0], table([1]).assign(epoch=15), key) is None
    # A long table has fewer digits.
    long = table([*range(20_000)], loss=0.673266)
    published.pack(tmp_path / "long.csv.xz", long)
    assert (
        published.same(table([5], loss=0.673266), tables.read(tmp_path / "long.csv.xz"), key[:2])
        is None
    )


def test_runs_of_other_code_are_added_if_a_seed_that_both_have_has_the_same_numbers(
    config, tmp_path
):
    key = {"epoch": 1, "split": "test"}
    own = settings_of(config, "function_fit", "sinc_deep").said
    published.pack(tmp_path / "e_metrics.csv.xz", table([0, 1]).assign(**key))
    published.pack(tmp_path / "e_runs.csv.xz", table([0, 1]).assign(device="GPU", torch="2.9"))
    before = {"settings": {"a": own}, "code": "old", "seeds": [0, 1]}

    def add(seeds: list[int], loss: float, code: str = "new", settings: dict | None = None) -> None:
        about = {"settings": {"a": own} if settings is None else settings, "code": code}
        metrics = table(seeds, loss).assign(**key)
        publish.check_same(tmp_path, "e", before, about, metrics, {0, 1} & set(seeds))

    add([2], 0.5, code="old")
    add([1, 2], 0.1234567)
    # A default may be said or left out.
    add([1, 2], 0.1234567, settings={"a": own | {"model": own["model"] | {"dropout": 0}}})
    for other in (
        {},
        {"a": own, "b": own},
        {"a": own | {"stream": own["stream"] + 1}},
        {"a": own | {"model": own["model"] | {"dropout": 0.1}}},
    ):
        with pytest.raises(ValueError, match="e: published with other settings"):
            add([2], 0.5, settings=other)
    with pytest.raises(ValueError, match=r"other code: train one of their seeds again, too \(0\)"):
        add([2], 0.5)
    with pytest.raises(
        ValueError, match=r"is 0\.5, published .*; .* trained on GPU with torch 2\.9$"
    ):
        add([1, 2], 0.5)


def test_a_run_that_starts_from_one_of_another_experiment_is_not_published(config, tmp_path):
    start = {"experiment": "trajectory", "variant": "mlp"}
    config["experiments"]["gradient_norm"]["start"] = start
    plan = Plan(msgspec.convert(config, Configuration), experiments_of(config), [], {}, [], {})
    with pytest.raises(ValueError, match="mlp starts from the weights of a run of trajectory"):
        publish.publish(tmp_path, tmp_path, "as_written", "gradient_norm", plan)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "is not what was published"),
        (lambda path: path.unlink(), "is missing"),
        (lambda path: shutil.copy(path, path.with_name("b.csv.xz")), "is not in manifest.json"),
    ],
)
def test_files_that_are_not_what_was_published_are_named(tmp_path, change, said):
    published.pack(tmp_path / "as_written/a.csv.xz", table([0]))
    published.write_manifest(tmp_path, {"as_written": {}})
    assert published.damage(tmp_path) == []
    change(tmp_path / "as_written/a.csv.xz")
    (line,) = published.damage(tmp_path)
    assert said in line


def test_what_is_published_here_is_what_the_manifest_says():
    folder = ROOT / "published"
    assert published.damage(folder) == []
    files = (path for path in folder.rglob("*") if path.is_file())
    assert sum(path.stat().st_size for path in files) < 8_000_000


def test_where_nothing_is_published_there_is_no_page_of_it(fresh):
    run = fresh.snakemake("published", check=False)
    assert run.returncode != 0 and "Traceback" not in run.stdout + run.stderr
    assert "published: none of the experiments of config.yaml is published" in run.stderr


@pytest.fixture
def answering(fresh) -> Repository:
    """A copy with the published tables, in which nothing is built."""
    fresh.write_config(with_controls)
    shutil.copytree(ROOT / "published", fresh.folder / "published")
    return fresh


@pytest.mark.slow
def test_the_published_page_has_all_claims_and_is_built_once(answering):
    answering.snakemake("published")
    results = answering.folder / "results/published"
    with open(results / "tables/claims_as_written.csv", encoding="utf-8") as file:
        claims = {row["claim"] for row in csv.DictReader(file) if row["claim"]}
    # An experiment of MNIST, whatever the configuration at hand trains on.
    page = (results / "index.html").read_text(encoding="utf-8")
    assert "in place of MNIST" not in page and all(claim in page for claim in claims)
    assert answering.plan("published") == set()
    files = {link for link in re.findall(r'<a href="([^"#]+)"', page) if "://" not in link}
    assert len(files) > 50 and [f for f in files if not (results / f).exists()] == []
    # The picture and the page of a ledger are of that ledger, whatever Snakemake was told.
    rules = answering.folder / "workflow/claims.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("at_least: 0.888", "at_least: 0.889"), encoding="utf-8")
    answering.snakemake("results/published/tables/claims_as_written.csv")
    answering.snakemake("published", "--touch")
    assert {"figure published//claims", "page published//index"} <= answering.plan("published")


def test_what_is_not_published_keeps_nobody_from_building(answering):
    path = answering.folder / "config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    entry = config["experiments"]["function_fit"]
    entry["variants"]["extra"] = entry["variants"]["sinc_deep"]
    entry["figures"]["sinc_loss"]["variants"] = ["extra", "sinc_*"]
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    assert "figure published//sinc_loss" in answering.plan("published")
    entry["analyses"]["only"] = {"kind": "predict", "variants": ["extra"]}
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    assert answering.plan("mnist_cnn")
    run = answering.snakemake("-n", "published", check=False)
    assert "published: experiments.function_fit.analyses.only" in run.stderr


def test_a_figure_that_is_not_published_is_no_target(answering):
    run = answering.snakemake("-n", "results/published/fig_none.png", check=False)
    assert run.returncode == 1
    assert "MissingRuleException" in run.stdout and "fig_none.png" in run.stdout


def test_the_published_answer_takes_no_training_and_is_that_of_the_readme(answering):
    planned = answering.plan("published")
    assert not rules(planned) & {"train", "evaluate", "prepare_data"}, planned
    assert {"unpack", "claims", "figure", "page"} <= rules(planned)
    answering.snakemake("published", "--until", "claims")
    results = answering.folder / "results/published"
    for name in ("claims_as_written", "controls_as_written", "claims_as_coded"):
        assert "not computed" not in set(tables.read(results / f"tables/{name}.csv")["verdict"])
    written = kinds.load(ROOT / "docs/published.py")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert written.between_marks(readme)[0].strip() == written.written(results)
    second = (ROOT / "docs/first_reading.md").read_text(encoding="utf-8")
    assert second == written.second_reading(second, results)
