# How the shell command of every rule begins.

# Relative, so that a moved or freshly cloned repository is the same workflow.
SCRIPTS = os.path.relpath(ROOT / "workflow/scripts")
ENVIRONMENT = f"{ROOT}/envs/environment.yaml"

# The scripts import the hw1 that lies beside them, whichever one may be installed, and not each
# other: a script called tabulate.py must not stand in for the package of that name. A prefix takes
# the place of Snakemake's own, so bash's strict mode has to be said again.
PREFIX = f"set -euo pipefail; export PYTHONSAFEPATH=1 PYTHONPATH={shlex.quote(str(ROOT / 'src'))}; "
# cuBLAS is deterministic only with a workspace of fixed size.
PREFIX += "export CUBLAS_WORKSPACE_CONFIG=:4096:8; "
# What is freed is kept: handing 100 MB back to the system and asking for it anew, at every step,
# costs a large network a seventh of its time. Only glibc reads these.
PREFIX += "export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000; "
# Under --sdm python is the environment's; else the one that runs Snakemake, which need not be the
# first on PATH.
if not workflow.deployment_settings.deployment_method:
    PREFIX += f'python() ( exec {shlex.quote(sys.executable)} "$@" ); '
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))
