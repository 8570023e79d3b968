"""Python with the project's packages already imported: a server that forks for each command.

A build of the tests is a hundred short processes, and each spends two seconds on importing torch
or Snakemake. `Interpreter.command` stands in for `python`: what it is asked to run runs in a
process of its own, with the arguments, folder, environment and open files of the caller, but as a
fork of a process that has the packages. Nothing of the project itself is imported beforehand.

What is about the start or the end of a process (variables that are read then, kills) needs
`sys.executable` instead.
"""

import atexit
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path

PACKAGES = """
torch torch.nn.functional numpy pandas scipy.stats scipy.ndimage sklearn.decomposition
sklearn.datasets sklearn.model_selection matplotlib.figure matplotlib.backends.backend_agg
matplotlib.backends.backend_svg matplotlib.patheffects jinja2 jsonschema msgspec yaml PIL.Image
snakemake.cli snakemake.workflow snakemake.dag snakemake.scheduling.job_scheduler
snakemake.executors.local snakemake.executors.dryrun snakemake.report pulp yte
""".split()
CLIENT = """\
#!{python} -IS
import os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({address!r})
umask = os.umask(0)
request = repr((sys.argv[1:], os.getcwd(), dict(os.environ), umask)).encode()
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
code = server.recv(1)
sys.exit(code[0] if code else 137)
"""
LEAVE = os._exit


class Interpreter:
    """The server of a folder; `command` is the path of an executable to use like python."""

    def __init__(self, folder: Path) -> None:
        self.command = folder / "python"
        self.address = folder / "socket"
        self.process_id = folder / "process_id"

    def start(self, log: Path) -> None:
        """Start the server, whose output goes to a file, and wait until it listens."""
        self.command.write_text(
            CLIENT.format(python=sys.executable, address=str(self.address)), encoding="utf-8"
        )
        self.command.chmod(0o755)
        with log.open("w", encoding="utf-8") as file:
            server = subprocess.Popen(
                [sys.executable, "-P", __file__, self.address, self.command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd=self.address.parent,
                env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
                | {"OMP_NUM_THREADS": "1", "MATPLOTLIBRC": os.devnull, "PYTHONUTF8": "1"},
                start_new_session=True,
            )
        self.process_id.write_text(str(server.pid), encoding="utf-8")
        while not self.address.exists():
            assert server.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server, and all that it still runs, if it was started."""
        if self.process_id.exists():
            os.killpg(int(self.process_id.read_text(encoding="utf-8")), signal.SIGKILL)


def serve(address: str, command: str) -> None:
    for package in PACKAGES:
        __import__(package)
    # As a child would find them: the project last, as in an environment that make has made.
    path = [entry for entry in sys.path if "site-packages" in entry or "/lib/python" in entry]
    path.append(str(Path(__file__).resolve().parent.parent / "src"))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{address}, unfinished")
    listener.listen(64)
    os.rename(f"{address}, unfinished", address)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    while True:
        caller, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            code = answer(caller, path, command)
            caller.sendall(bytes([code]))
            LEAVE(code)
        caller.close()


def answer(caller: socket.socket, path: list[str], command: str) -> int:
    """Run what a caller asks for, as Python would, and return its exit code."""
    size, files, _, _ = socket.recv_fds(caller, 8, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += caller.recv(1 << 20)
    arguments, folder, variables, umask = eval(request)  # from CLIENT, which wrote a repr
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.umask(umask)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    own = [entry for entry in variables.get("PYTHONPATH", "").split(":") if entry]
    sys.path[:] = own + path
    sys.executable = command
    # Who leaves in a hurry must not leave before the caller has its answer.
    here = os.getpid()
    os._exit = lambda code: sys.exit(code) if os.getpid() == here else LEAVE(code)
    try:
        run([argument for argument in arguments if argument != "-P"])
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def run(arguments: list[str]) -> None:
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    serve(*sys.argv[1:])
