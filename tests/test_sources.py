"""The module list of a script is that of its imports, and light scripts stay light."""

import json
import subprocess
import sys
import tempfile
from hashlib import sha256

from conftest import ROOT

from hw1.plan.sources import digest, sources
from hw1.results.files import content_digest

SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
KINDS = {
    name: sorted((ROOT / "src/hw1" / name).glob("[!_]*.py")) for name in ("analyses", "figures")
}
# prepare_data needs torch for MNIST alone, and loads it then.
WITHOUT_TORCH = {"tabulate", "prepare_data", "claims", "comparison", "page", "verify"}
WITHOUT_TORCH |= {
    "unpack",
    "analyse",
    "pca",
    "distances",
    "figure",
    *(file.stem for file in KINDS["figures"]),
}


def names(script: str) -> set[str]:
    files = sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")
    return {file.stem for file in files if file.is_relative_to(ROOT / "src")}


def test_list_follows_imports_through_modules_and_functions():
    assert names("tabulate") == {"__init__", "tables", "command", "files", "recipes"}
    assert "torchvision_import" in names("prepare_data")  # imported inside a function
    assert {"loop", "models", "seeding", "evaluation"} <= names("train")


def test_the_file_of_a_kind_is_part_of_the_digest_of_its_jobs(tmp_path):
    """Its content, and what it imports."""
    found = []
    for text in ("KIND = {}\n", "KIND = {}\nA = 1\n", "KIND = {}\nimport hw1.page\n"):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        (folder / "mine.py").write_text(text, encoding="utf-8")
        found.append(digest("analyse", folder / "mine.py"))
    found.append(digest("analyse"))
    assert len(set(found)) == 4


def test_a_digest_is_of_what_code_does(tmp_path):
    texts = [
        "def f(x):\n    return x + 1\n",
        '"""What it does."""\ndef f(x):  # a comment\n    """Adds."""\n    return (x\n + 1)\n',
        'def f(x):\n    """Adds."""\n    return x + 2\n',
        'def f(x):\n    return x + 1\n\n\nNAME = """Adds."""\n',
        'class A:\n    """Empty."""\n',
        "class A:\n    pass\n",
    ]
    found = []
    for place, text in enumerate(texts):
        path = tmp_path / f"{place}.py"
        path.write_text(text, encoding="utf-8")
        found.append(content_digest(path))
    plain, told, other, named, empty, passed = found
    assert plain == told and empty == passed and len({plain, other, named, empty}) == 4
    (tmp_path / "data.npz").write_bytes(b"# no Python")
    assert content_digest(tmp_path / "data.npz") == sha256(b"# no Python").digest()


# A class of settings, a name for a range, and what does not count of them.
CLASS = '''from typing import Annotated, Literal

from msgspec import Meta

Rate = Annotated[float, Meta(gt=0, le=100)]


class Training(Noun, frozen=True):
    """How it is trained."""

    rate: Rate
    "Learning rate"
    size: Annotated[int, Meta(ge=1)] | Annotated[str, Meta(pattern="^full$")]
    "Examples per mini-batch"
    kept: Annotated[tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1)] = (0,)
    """Epochs whose weights
    are kept"""
    decay: Annotated[float, Meta(ge=0, le=10)] | None = None

    def kept_epochs(self):
        return {*self.kept}

    def check(self, where: str) -> None:
        """Raise ValueError where keys contradict each other."""
        if self.decay and self.rate > 1:
            raise ValueError(f"{where}.rate: found {self.rate}")
'''
SAME = {
    "text under a field": ('"Learning rate"', '"The rate"'),
    "no text under a field": ('    "Learning rate"\n', ""),
    "text of several lines": ("Epochs whose weights\n    are", "Those epochs that are"),
    "range in a class": ("Meta(ge=1)", "Meta(ge=2, le=9)"),
    "range of a choice": ('"^full$"', '"^(full|half)$"'),
    "range of an optional field": ("Meta(ge=0, le=10)", "Meta(ge=0, lt=1)"),
    "range inside another": ("int, Meta(ge=0)", "int, Meta(ge=1)"),
    "range around another": ("Meta(min_length=1)", "Meta(max_length=7)"),
    "no range": ("Annotated[int, Meta(ge=1)]", "int"),
    "range of a name": ("Meta(gt=0, le=100)", "Meta(gt=0, le=10)"),
    "no range of a name": ("Annotated[float, Meta(gt=0, le=100)]", "float"),
    "check": ("self.rate > 1", "self.rate > 2"),
}
OTHER = {
    "default": ("= (0,)", "= (1,)"),
    "default of a field without a text": ("| None = None", "| None = 0.1"),
    "no default": (" = (0,)", ""),
    "type in a class": ("Annotated[int, Meta(ge=1)]", "Annotated[float, Meta(ge=1)]"),
    "type inside another": ("tuple[Annotated[int,", "tuple[Annotated[float,"),
    "type around another": ("tuple[Annotated[int, Meta(ge=0)], ...]", "list[int]"),
    "type of a choice": ("Annotated[str,", "Annotated[bool,"),
    "type of a name": ("Annotated[float, Meta(gt=0, le=100)]", "Annotated[int, Meta(gt=0)]"),
    "another field": ("    rate: Rate\n", "    rate: Rate\n    other: int\n"),
    "name of a field": ("size:", "sizes:"),
    "option of the class": ("frozen=True", "frozen=False"),
    "method": ("return {*self.kept}", "return {*self.kept, 0}"),
    "method of another name": ("def check(self", "def checked(self"),
    "function": ("    def check(self, where", "def check(where"),
}


def test_what_settings_say_of_a_value_but_its_type_and_default_is_in_no_digest(tmp_path):
    def digest_of(text: str) -> bytes:
        path = tmp_path / folder / f"{sha256(text.encode()).hexdigest()}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return content_digest(path)

    folder = "hw1/settings"
    whole = digest_of(CLASS)
    found = {}
    for name, (before, after) in (SAME | OTHER).items():
        assert CLASS.count(before) == 1, name
        found[name] = digest_of(CLASS.replace(before, after))
    assert {name for name in found if found[name] == whole} == {*SAME}
    assert len({found[name] for name in OTHER}) == len(OTHER)
    folder = "mine"  # where a method of that name may do something
    assert digest_of(CLASS) != digest_of(CLASS.replace(*SAME["check"]))


def test_training_does_not_depend_on_plotting_nor_plotting_on_training():
    assert not {"drawing", "kinds", "analyses", "weights", "datasets"} & names("train")
    assert not {"loop", "models", "checkpoints"} & names("figure")


def test_a_training_and_an_evaluation_do_not_load_torchs_compiler():
    """Torch imports it for things that need none of it, and that takes as long as torch itself."""
    program = (
        "import sys, torch\n"
        "from hw1.data import inputs\n"
        "from hw1.networks import models\n"
        "from hw1.settings.architectures import Mlp\n"
        "from hw1.settings.training import Training\n"
        "from hw1.training import checkpoints, devices, evaluation, loop\n"
        "devices.make_reproducible()\n"
        "split = inputs.Split(torch.ones(4, 1), torch.ones(4, 1))\n"
        "settings = Training(batch_size=2, epochs=1, history='iteration', history_every=1,\n"
        "    precision='fp32', optimizer='adam', learning_rate=0.1, gradient_norm=True,\n"
        "    evaluate_each_epoch=(), snapshot_epochs=())\n"
        "model = models.build(Mlp(hidden=(3,)), (1,), 1)\n"
        "resume = checkpoints.ResumeFile(sys.argv[1], 'f', 0)\n"
        "loop.train(model, {'train': split}, settings, [(0, 0)], resume)\n"
        "loop.train(model, {'train': split}, settings, [(0, 0)], resume)\n"
        "evaluation.evaluate(model, split)\n"
        "print(torch.are_deterministic_algorithms_enabled(), 'torch._dynamo' in sys.modules)"
    )
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-c", program, f"{folder}/run.resume"],
            env={"PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=True,
        )
    assert "resuming at epoch" in run.stdout
    assert run.stdout.splitlines()[-1] == "True False"


# For each script anew. Torch is there already, and is found once more: so it is seen whether a
# script asks for any of it.
LOADED = """
import importlib.machinery, json, runpy, sys

class Again:
    there = {name: sys.modules[name] for name in [*sys.modules] if name.startswith("torch")}

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in self.there else None

    def create_module(self, spec):
        return self.there[spec.name]

    def exec_module(self, module):
        pass

sys.meta_path.insert(0, Again())
found = {}
for script in sys.argv[1:]:
    for name in [*sys.modules]:
        if name.startswith("torch") or name.split(".")[0] == "hw1":
            del sys.modules[name]
    runpy.run_path(script)
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] == "hw1"]
    found[script] = ["torch" in sys.modules, [module.__file__ for module in ours]]
print(json.dumps(found))
"""


def test_list_holds_every_module_that_is_loaded(python, tmp_path):
    (tmp_path / "loaded.py").write_text(LOADED, encoding="utf-8")
    scripts = [*SCRIPTS, *KINDS["analyses"], *KINDS["figures"]]
    run = subprocess.run(
        [python, tmp_path / "loaded.py", *scripts],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    for script in scripts:
        loads_torch, loaded = found[str(script)]
        listed = {str(file) for file in sources(script, ROOT / "src")}
        assert loaded and set(loaded) <= listed, script
        assert loads_torch != (script.stem in WITHOUT_TORCH), script
