"""How a script ends."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

SCRIPT = """
import atexit, os, sys
from hw1.results.command import one_line_errors

atexit.register(lambda: os.write(2, b"; left tidy"))

@one_line_errors
def main():
    print("all of it", end="")
    sys.stderr.write("and this")
    if sys.argv[1:]:
        raise ValueError("a mistake\\nof two lines")

main()
print("never said")
"""


def run(tmp_path: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    return subprocess.run(
        [sys.executable, tmp_path / "script.py", *arguments],
        env={"PYTHONPATH": str(ROOT / "src")},
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options,
    )


def test_a_script_that_is_done_ends_at_once_and_loses_nothing(tmp_path):
    ended = run(tmp_path)
    assert ended.returncode == 0
    assert ended.stdout == "all of it"
    assert ended.stderr == "and this; left tidy"


def test_a_mistake_is_one_line(tmp_path):
    ended = run(tmp_path, "wrong")
    assert ended.returncode == 1
    assert ended.stderr.startswith("and thisscript: a mistake of two lines\n")


def test_output_that_has_no_room_is_no_success(tmp_path):
    with open("/dev/full", "w", encoding="utf-8") as full:
        ended = run(tmp_path, stdout=full)
    assert ended.returncode != 0
    assert "script: [Errno 28] No space left on device: free some space" in ended.stderr


INTERRUPTED = """
import os, signal, sys
from hw1.results.command import one_line_errors

class Torch:
    def __del__(self):  # which drops exceptions, as callbacks during an import do
        os.kill(os.getpid(), signal.SIGINT)

if sys.argv[1] == "importing":
    Torch()

@one_line_errors
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        print("it went on")
    finally:
        print("tidied up", flush=True)

main()
"""


@pytest.mark.parametrize(
    "handler, doing, code, said",
    [
        (signal.default_int_handler, "importing", -signal.SIGINT, ""),
        (signal.default_int_handler, "working", -signal.SIGINT, "tidied up\n"),
        (signal.SIG_IGN, "importing", 0, "it went on\ntidied up\n"),
    ],
)
def test_an_interrupt_ends_a_job_unless_it_is_ignored(tmp_path, handler, doing, code, said):
    (tmp_path / "script.py").write_text(INTERRUPTED, encoding="utf-8")
    before = signal.signal(signal.SIGINT, handler)
    try:
        ended = subprocess.run(
            ["bash", ROOT / "workflow/python.sh", tmp_path / "script.py", doing],
            env={"HW1_PYTHON": sys.executable}, capture_output=True, text=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    assert (ended.returncode, ended.stdout) == (code, said), ended.stderr
    assert ended.stderr.endswith("KeyboardInterrupt\n") == bool(code)
