"""torchvision's MNIST is importable whether or not its compiled operators load."""

import subprocess
import sys


def test_import_and_that_nothing_is_declared_twice():
    # In a process of its own: operators are declared once per process.
    program = (
        "from hw1.data import torchvision_import as t\n"
        "print(t.mnist.MNIST.__name__, t.compiled_operators_load(), hasattr(t, 'declarations'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    name, load, declared = run.stdout.split()
    assert name == "MNIST"
    assert {load, declared} == {"True", "False"}
