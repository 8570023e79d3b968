# How the shell command of every rule begins: the one place that makes the environment of the jobs.

# Relative, so that a moved or freshly cloned repository is the same workflow.
SCRIPTS = os.path.relpath(ROOT / "workflow/scripts")
ENVIRONMENT = f"{ROOT}/envs/environment.yaml"
PACKAGES = "torch numpy scipy scikit-learn pandas matplotlib jinja2 pyyaml".split()

# What a job takes over from where it was started: how to find programs, where to put files, which
# devices it was given, a scheduler's and conda's own, how to reach a network. OPENBLAS_CORETYPE
# says what the processor is to libraries that mistake it. Nothing else: whatever a user's shell
# sets for matplotlib, torch, Python or the language must not reach a result.
KEPT = (
    "PATH HOME USER LOGNAME SHELL TERM TMPDIR TMP TEMP LD_LIBRARY_PATH DYLD_* "
    "CUDA_VISIBLE_DEVICES NVIDIA_* ROCR_VISIBLE_DEVICES HIP_VISIBLE_DEVICES "
    "SLURM_* PBS_* LSB_* SGE_* JOB_ID CONDA_* OPENBLAS_CORETYPE OPENBLAS_L2_SIZE "
    "*_proxy *_PROXY SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE"
)
SET = {
    # The scripts import the hw1 that lies beside them, whichever one may be installed, and not each
    # other: a script called tabulate.py must not stand in for the package of that name.
    "PYTHONPATH": ROOT / "src",
    "PYTHONSAFEPATH": 1,
    "PYTHONUTF8": 1,
    "PYTHONHASHSEED": 0,
    # One thread, as torch is told (hw1.devices): sums depend on how many threads share them.
    "OMP_NUM_THREADS": 1,
    "OPENBLAS_NUM_THREADS": 1,
    "MKL_NUM_THREADS": 1,
    "VECLIB_MAXIMUM_THREADS": 1,
    "MPLBACKEND": "agg",
    "MATPLOTLIBRC": os.devnull,
    # cuBLAS is deterministic only with a workspace of fixed size.
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    # What is freed is kept: handing 100 MB back to the system and asking for it anew, at every
    # step, costs a large network a seventh of its time. Only glibc reads these.
    "MALLOC_MMAP_MAX_": 0,
    "MALLOC_TRIM_THRESHOLD_": 4000000000,
}
# A prefix takes the place of Snakemake's own, so bash's strict mode has to be said again. Who has no
# home gets one that is not there, since programs look for it.
PREFIX = (
    "set -euo pipefail; for name in $(compgen -e); do case $name in "
    f"{'|'.join(KEPT.split())}) ;; *) unset $name 2> /dev/null || true ;; esac; done; "
    "export HOME=${HOME:-/nonexistent} "
    f"{' '.join(f'{name}={shlex.quote(str(value))}' for name, value in SET.items())}; "
)
# Under --sdm conda python is the environment's; else the one that runs Snakemake, which need not be
# the first on PATH, and has to have the packages, since no rule has a container or a module.
if "CONDA" not in {method.name for method in workflow.deployment_settings.deployment_method}:
    PREFIX += f'python() ( exec {shlex.quote(sys.executable)} "$@" ); '
    if absent := missing(PACKAGES):
        sys.exit(
            f"{sys.executable} has no {', '.join(absent)}: run Snakemake with a Python that has "
            "the packages of envs/requirements.txt (make installs them in .venv), or with --sdm conda"
        )
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))
