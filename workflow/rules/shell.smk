# How the shell command of every rule begins.

ENVIRONMENT = f"{ROOT}/envs/environment.yaml"
PACKAGES = "torch torchvision numpy scipy scikit-learn pandas matplotlib jinja2".split()
PACKAGES += "markupsafe pillow filelock pyyaml".split()


def command(script):
    """How a job runs a script, in the environment that python.sh makes for it. What it consists of is
    in its recipe, and no input: an edited comment runs nothing again. Not by shell.prefix: as a
    module of another workflow, this one must not change how the rules of that one run."""
    files = [here(ROOT / "workflow/python.sh"), here(ROOT / f"workflow/scripts/{script}.py")]
    text = shlex.join(["bash", *files]).replace("{", "{{").replace("}", "}}")
    return f"HW1_RECIPE={{params.recipe}} {text}"


# Under --sdm conda python is the environment's; else the one that runs Snakemake, and that has to
# have the packages, since no rule has a container or a module.
CONDA = "CONDA" in {method.name for method in workflow.deployment_settings.deployment_method}
run_jobs_with("python" if CONDA else sys.executable)
if not CONDA:
    if absent := missing(PACKAGES):
        sys.exit(
            f"{sys.executable} has no {', '.join(absent)}: run Snakemake with a Python that has "
            "the packages of envs/requirements.txt (make installs them in .venv), or with --sdm conda"
        )
