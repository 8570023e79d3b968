"""YAML is read as it seems to say, or refused in a line that names file, line and key."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from hw1.settings.yaml_files import EXPONENT, load


def nine(n: int) -> str:
    """Nine aliases of what is called before the nth."""
    return ", ".join([f"*x{n - 1}"] * 9)


ODD = {
    "twice": ("a: 1\nb: {c: 1, d: 2}\na: 2\n", r"line 3: the whole: found the key 'a' twice, .* 1"),
    "twice below": ("a:\n  b: 1\n  c: 2\n  b: 3\n", r"line 4: a: found the key 'b' twice, .* 2"),
    "two merges": ("x: &x {a: 1}\nb:\n  <<: *x\n  <<: *x\n", r"line 4: b: found the key '<<'"),
    "octal": ("a: 010\n", r"line 1: a: found 010, which is read as 8: write 10 or 8, or \"010\""),
    "base 60": ("a:\n  - 1:30\n", r"line 2: a\.0: found 1:30, which is read as 90: write 90"),
    "yes": ("a: yes\n", r"a: found yes, which is read as True: write true, or \"yes\" in quotes"),
    "date": ("a: 2026-01-02\n", r"a: found 2026-01-02, which is read as a date: write \"2026"),
    "not a number": ("a: .nan\n", r"a: found \.nan, expected a finite number"),
    "key on": ("a: 1\non: 2\n", r"line 2: the whole: found the key on, .* bool: write \"on\""),
    "key number": ("a: {1: 2}\n", r"a: found the key 1, which is read as int: write \"1\""),
    "python": ("a: !!python/object/apply:os.system [ls]\n", r"line 1: a: found the tag .*python"),
    "itself": ("a: &x [*x]\n", r"an alias in itself"),
    "aliases of aliases": (
        "x0: &x0 [1, 2]\n" + "".join(f"x{n}: &x{n} [{nine(n)}]\n" for n in range(1, 9)),
        r"line 1: x\d\S*: found over 500000 values, by aliases",
    ),
    "merge of text": ("a:\n  <<: text\n", r"a: found <<: of no mapping"),
    "no such anchor": ("a: *x\n", r"line 1: not valid YAML, found undefined alias 'x'"),
    "two documents": ("a: 1\n---\nb: 2\n", r"line 2: not valid YAML, but found another document"),
    "tab": ("a:\n\tb: 1\n", r"line 2: not valid YAML, .*: .* indent with spaces"),
    "open": ("a: [1,\nb: 2\n", r"line 3: not valid YAML"),
    "empty": ("", r"is empty: expected keys and values"),
    "control character": ("a: \x01\n", r"not valid YAML, .*special characters"),
    "deep": ("a: " + "[" * 3000 + "]" * 3000, r"nested too deeply"),
    "latin": (b"a: 1\nb: \xe9\n", r"found no UTF-8 \(.* byte 0xe9 in position 8: .*: save"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_what_yaml_would_change_in_silence_is_named(tmp_path, monkeypatch, name):
    text, message = ODD[name]
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=message) as caught:
        load("mine.yaml")
    assert str(caught.value).startswith("mine.yaml")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for path, reason in ((tmp_path / "none.yaml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ValueError, match=f"{path.name} cannot be read .{reason}"):
            load(path)


def test_anchors_merges_and_places(tmp_path):
    path = tmp_path / "mine.yaml"
    text = (
        "\ufeffx-common: &common {epochs: 3, rate: 1.0e-3}\r\n"
        "a:\r\n"
        "  <<: *common\r\n"
        "  epochs: 5   # over the merged one\r\n"
        "b: &list [1, two, null, true, '010', \"yes\"]\r\n"
        "c: {<<: [{p: 1}, {p: 2, q: 2}], again: *list}\r\n"
    )
    path.write_text(text, encoding="utf-8", newline="")
    content, lines = load(path)
    assert content == yaml.safe_load(text)
    assert content["a"] == {"epochs": 5, "rate": 0.001}
    assert content["c"]["p"] == 1
    assert lines["a", "epochs"] == 4 and lines["a", "rate"] == 1 and lines["b", 2] == 5


def test_a_number_with_an_exponent_needs_no_dot(tmp_path):
    numbers = {"1e-3": 0.001, "1E3": 1000.0, "-.5e+1": -5.0, "1.e2": 100.0, "1e_3": "1e_3"}
    path = tmp_path / "mine.yaml"
    path.write_text("\n".join(f"'{n}': {n}" for n in numbers) + "\nquoted: '1e-3'\n", "utf-8")
    assert load(path).content == numbers | {"quoted": "1e-3"}
    path.write_text("a: 1e999\n", "utf-8")
    with pytest.raises(ValueError, match="line 1: a: found 1e999, expected a finite number"):
        load(path)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/**/*.yaml")), ids=lambda path: path.name)
def test_every_yaml_file_of_the_project_reads_as_before(path):
    if not {"results", ".snakemake", ".venv", "demo"} & set(path.relative_to(ROOT).parts):
        assert load(path).content == yaml.safe_load(path.read_text(encoding="utf-8"))


# A text such as 1e3 would be written without quotes.
TEXT = st.text().filter(lambda text: not EXPONENT.fullmatch(text))
FINITE = st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT | FINITE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.text(), PLAIN, min_size=1, max_size=3))
def test_what_is_written_as_yaml_is_read_as_yaml_reads_it(tmp_path_factory, content):
    text = yaml.safe_dump(content, allow_unicode=True)
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    path.write_text(text, encoding="utf-8")
    assert load(path).content == yaml.safe_load(text)
