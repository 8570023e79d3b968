"""The house is open: no entry of the configuration is known by its name."""

import re
import subprocess

import pytest
import yaml
from conftest import ROOT
from mutations import FAULTS, places_of
from repository import run_script, settings_in

CONFIG = settings_in()


def test_no_experiment_and_no_variant_stands_in_a_rule_a_script_or_the_library():
    experiments = CONFIG["experiments"]
    names = {*experiments, *(v for e in experiments.values() for v in e["variants"])}
    # What a kind, a table, a setting or a quantity is called in the field, whoever uses it.
    kinds = {file.stem for file in (ROOT / "src/hw1").glob("*/*.py")}
    words = {"a", "b", "deep", "shallow", "mlp"} | kinds
    sources = [ROOT / "Snakefile"]
    for folder, pattern in (("workflow", "*.smk"), ("workflow", "*.py"), ("src", "*.py")):
        sources += (ROOT / folder).rglob(pattern)
    assert len(sources) > 50
    for source in sources:
        text = source.read_text(encoding="utf-8")
        for name in names - words:
            assert not re.search(rf"\b{name}\b", text), f"{source} knows {name}"


def test_each_room_imports_only_those_above_it_in_the_table_of_the_architecture():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rooms = re.findall(r"^\| `(\w+)` \|", text.partition("## Rooms")[2].partition("\n## ")[0], re.M)
    library = ROOT / "src/hw1"
    there = {path.stem for path in library.iterdir() if not path.name.startswith("__")}
    assert set(rooms) == there and len(rooms) == len(there)
    upwards = []
    for file in library.rglob("*.py"):
        room = file.relative_to(library).parts[0].removesuffix(".py")
        allowed = rooms[: rooms.index(room) + 1] if room in rooms else rooms
        upwards += [
            f"{file}: {other}"
            for other in re.findall(r"\bfrom hw1\.(\w+)", file.read_text(encoding="utf-8"))
            if other not in allowed
        ]
    assert upwards == []


def test_the_first_line_of_each_yaml_names_its_schema_for_editors():
    for path in (ROOT / "config.yaml", ROOT / "workflow/claims.yaml", *ROOT.glob("presets/*.yaml")):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert named and (path.parent / named[1]).is_file(), path


def test_every_claim_of_an_experiment_stands_under_one_figure():
    claims = [
        claim
        for entry in CONFIG["claims"].values()
        for claim in yaml.safe_load((ROOT / entry["file"]).read_text(encoding="utf-8"))
    ]
    under = [
        (name, claim)
        for name, experiment in CONFIG["experiments"].items()
        for figure in experiment["figures"].values()
        for claim in figure.get("claims", [])
    ]
    of_experiments = [(c["experiment"], c["id"]) for c in claims if c["experiment"]]
    assert sorted(under) == sorted(of_experiments)


def test_every_deliberate_fault_can_still_be_made():
    for fault, (path, before, after) in FAULTS.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        assert len(places_of(before, text)) == 1 and before != after, f"{fault}: {path}"


# Each as small as it can be, in the folder of a finished build.
BENCHMARKS = {
    "build_summary": ". --wall 100",
    "decisions": "2",
    "dry_run": "--runs 2",
    "planning": ". --times 1 --options=",
    "precision": ". .",
    "private_parts": "--pairs 1 --epochs 2",
    "resume_overhead": "trajectory/mlp",
    "scaling": "--repeats 1 --most-seeds 1 --most-epochs 5 --networks 1",
    "training_speed": "--repeats 1 --workloads function_fit/sinc_deep",
}
# What each says in an empty folder, or of what it cannot do.
REFUSED = [
    ("build_summary", ".", "results: found no benchmarks/**/*.tsv, expected those of a finished"),
    ("decisions", "0", "repetitions: found 0, expected 1 or more"),
    ("dry_run", "--runs 0", "--runs, --seeds-per-job: found 0, expected 1 or more"),
    ("planning", ".", ".: found no finished build: make demo makes one"),
    ("precision", ". bf16", "results/tables: found no *_metrics.csv, expected those of a build: "),
    ("private_parts", "--pairs 0", "--pairs, --epochs: found 0, expected 1 or more"),
    ("resume_overhead", "a/b", "a/b: found no such run in config.yaml, expected experiment/varia"),
    ("scaling", "--repeats 0", "--repeats: found 0, expected 1 or more"),
    ("training_speed", "", "data/MNIST/raw: found not all of train-images-idx3-ubyte, train-labe"),
]


@pytest.mark.slow
@pytest.mark.parametrize("script", sorted((ROOT / "benchmarks").glob("*.py")), ids=lambda p: p.stem)
def test_a_benchmark_runs_and_ends_in_a_table(script, repository):
    options = BENCHMARKS[script.stem].split()
    run = run_script(script, *options, cwd=repository.folder)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\d", run.stdout.splitlines()[-1]), run.stdout


@pytest.mark.parametrize("name, options, said", REFUSED)
def test_a_benchmark_says_in_one_line_what_it_needs(name, options, said, python, tmp_path):
    run = subprocess.run(
        [python, ROOT / f"benchmarks/{name}.py", *options.split()],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    (line,) = run.stderr.splitlines()
    assert run.returncode == 1 and line.startswith(f"{name}: {said}"), line
    assert not list(tmp_path.iterdir())


def test_each_benchmark_is_tried_where_it_cannot_run():
    there = {file.stem for file in (ROOT / "benchmarks").glob("*.py")}
    assert {name for name, *_ in REFUSED} == BENCHMARKS.keys() == there


def test_what_is_not_documented_names_tests_that_there_are():
    text = (ROOT / "docs/private-parts.md").read_text(encoding="utf-8")
    of_snakemake, _, others = text.partition("## Of torch")
    assert 0 < len(re.findall(r"^\| .*::", of_snakemake, re.M)) <= 10 and "::" in others
    for file, name in re.findall(r"`(tests/\w+\.py)::(\w+)`", text):
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name
