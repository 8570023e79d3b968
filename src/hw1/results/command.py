"""For all command-line scripts: a user's mistake ends in one line, not in a traceback.

`python -m hw1.results.command SCRIPT ARGUMENTS...` runs a script so that Ctrl-C ends it while it
imports, too.
"""

import atexit
import errno
import functools
import os
import runpy
import signal
import sys
from collections.abc import Callable
from pathlib import Path


def one_line_errors(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap `main` so that ValueError and OSError (from bad input, a missing file or a full disk)
    end the process with exit code 1 and one line on standard error.

    Any other exception is a defect of the program and keeps its traceback. When `main` is done, the
    process ends with exit code 0. Functions registered for its exit run, but threads are not waited
    for, and only standard output and error are flushed. Python would take torch or matplotlib apart
    object by object, which takes a quarter of a second, a sixth of a short job.
    """

    @functools.wraps(main)
    def wrapped() -> None:
        at_interrupt(signal.default_int_handler)  # what is half done is tidied up
        try:
            main()
            for stream in filter(None, (sys.stdout, sys.stderr)):  # None where it was closed
                stream.flush()
        except (ValueError, OSError) as error:
            text = f"{Path(sys.argv[0]).stem}: {' '.join(str(error).split())}"
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
                text += ": free some space and run again, what is finished is kept"
            sys.exit(text)
        atexit._run_exitfuncs()
        os._exit(0)

    return wrapped


def at_interrupt(handler: Callable[..., None]) -> None:
    """Say what an interrupt does from now on, unless whoever started this process has it
    ignored."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, handler)


def end(*_: object) -> None:
    """End this process at an interrupt, with a word in its log.

    While torch is imported, which takes most of a job's first seconds, a KeyboardInterrupt may be
    lost: callbacks drop it. The job would go on, and Snakemake would wait for it.
    """
    os.write(2, b"KeyboardInterrupt\n")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    at_interrupt(end)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
