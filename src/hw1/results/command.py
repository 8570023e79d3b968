"""For all command-line scripts: a user's mistake ends in one line, not in a traceback.

`python -m hw1.results.command SCRIPT ARGUMENTS...` runs a script as a job, which Ctrl-C ends.
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


def interrupted(*_: object) -> None:
    """End this process as an interrupt does, with a word in its log.

    A KeyboardInterrupt may be lost: what runs while a module is imported drops exceptions, and the
    import of torch takes most of a job's first seconds. The job would go on, and Snakemake wait.
    """
    os.write(2, b"KeyboardInterrupt\n")
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where it is ignored
        signal.signal(signal.SIGINT, interrupted)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
