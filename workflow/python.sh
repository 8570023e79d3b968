#!/usr/bin/env bash
# How every job runs Python: python.sh SCRIPT ARGUMENTS... This is the one place that makes the
# environment of the jobs, so that a build is a function of the checkout, the configuration and the
# data: whatever a user's shell sets for matplotlib, torch, Python or the language must not reach a
# result.
set -euo pipefail

# Kept as arguments, since a variable of theirs may have any name. HW1_PYTHON is what runs Snakemake
# (src/hw1/plan/rules.py), which need not be the first on PATH, but under --sdm conda is.
set -- "$(CDPATH='' cd -- "${BASH_SOURCE[0]%/*}/../src" && pwd)" "${HW1_PYTHON:-python}" "$@"

# What a job takes over from where it was started: how to find programs, where to put files, which
# devices it was given, a scheduler's and conda's own, how to reach a network. OPENBLAS_CORETYPE
# says what the processor is to libraries that mistake it.
for name in $(compgen -e); do
  case $name in
    PATH | HOME | USER | LOGNAME | SHELL | TERM | TMPDIR | TMP | TEMP) ;;
    LD_LIBRARY_PATH | DYLD_* | OPENBLAS_CORETYPE | OPENBLAS_L2_SIZE) ;;
    CUDA_VISIBLE_DEVICES | NVIDIA_* | ROCR_VISIBLE_DEVICES | HIP_VISIBLE_DEVICES) ;;
    HW1_RECIPE) ;;  # what this job is: see src/hw1/results/recipes.py
    SLURM_* | PBS_* | LSB_* | SGE_* | JOB_ID | CONDA_*) ;;
    *_proxy | *_PROXY | SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE) ;;
    *) unset "$name" 2> /dev/null || true ;;
  esac
done

# Programs look for a home; who has none gets one that is not there.
export HOME="${HOME:-/nonexistent}"
# The scripts import the hw1 that lies beside them, whichever one may be installed, and not each
# other: a script called tabulate.py must not stand in for the package of that name.
export PYTHONPATH=$1 PYTHONSAFEPATH=1 PYTHONUTF8=1 PYTHONHASHSEED=0
# One thread, as torch is told (hw1.training.devices): sums depend on how many threads share them.
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1
export MPLBACKEND=agg MATPLOTLIBRC=/dev/null
# cuBLAS is deterministic only with a workspace of fixed size.
export CUBLAS_WORKSPACE_CONFIG=:4096:8
# What is freed is kept: handing 100 MB back to the system and asking for it anew, at every step,
# costs a large network a seventh of its time. Only glibc reads these.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000

python=$2
shift 2
exec "$python" -m hw1.results.command "$@"
