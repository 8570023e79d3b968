"""The workflow on a scheduler: a real Slurm of two nodes on loopback, and three small scripts.

Slurm runs here without systemd, as this user, with and without an accounting database, and every
process is ended by its id.
"""

import fcntl
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from repository import Repository, reduced

from hw1.data import datasets, inputs
from hw1.networks import models
from hw1.settings.experiments import settings_of
from hw1.settings.runs import Run
from hw1.training import checkpoints, loop

# One Slurm at a time: all tests in one process.
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]
CONFIGURATION = Path("/etc/slurm/slurm.conf")  # the only place that the executor leaves to it
PACKAGES = "slurm-wlm munge slurmdbd mariadb-server-core mariadb-client-core"
SBIN = os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin"
DATA = ("checkpoints", "history", "metrics", "lines", "weights", "tables", "data")
SLURM = """\
ClusterName=tiny
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort=16817
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MinJobAge=3600
KillWait=5
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port=16821 CPUs=2 RealMemory=32000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port=16822 CPUs=2 RealMemory=32000
PartitionName=main Nodes=ALL Default=YES State=UP
"""
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=16819
AccountingStoragePass={folder}/munge.socket
"""
SLURMDBD = """\
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort=16819
SlurmUser=root
AuthInfo=socket={folder}/munge.socket
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=16820
StorageUser=root
"""


def missing(programs: tuple[str, ...]) -> str | None:
    """Why no Slurm can be started here."""
    if absent := [name for name in programs if shutil.which(name, path=SBIN) is None]:
        return f"{absent[0]} is not installed (Debian: {PACKAGES})"
    if os.getuid() != 0:
        return "starting Slurm needs root"
    return None


def left_over() -> bool:
    """Whether the configuration is that of tests which were killed: its controller is gone."""
    with socket.socket() as controller:
        ours = "ClusterName=tiny\n" in CONFIGURATION.read_text(encoding="utf-8")
        return ours and controller.connect_ex(("127.0.0.1", 16817)) != 0


@pytest.fixture(scope="module")
def slurm(request, tmp_path_factory) -> Iterator[Path]:
    """A running Slurm; its folder. With the parameter "accounting", it has a database."""
    accounting = getattr(request, "param", None) == "accounting"
    programs = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
    database = ("slurmdbd", "mariadbd", "mariadb-install-db", "sacct")
    if reason := missing(programs + database * accounting):
        pytest.skip(reason)
    CONFIGURATION.parent.mkdir(exist_ok=True)
    with CONFIGURATION.with_name("hw1-tests.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever else runs these tests has the same ports
        if CONFIGURATION.exists() and not left_over():
            pytest.skip(f"{CONFIGURATION} is there: this machine has a Slurm of its own")
        yield from running(tmp_path_factory.mktemp("slurm"), accounting)


def running(folder: Path, accounting: bool) -> Iterator[Path]:
    for name in ("state", "spool-n1", "spool-n2"):
        (folder / name).mkdir()
    names = {"host": socket.gethostname(), "folder": folder}
    (folder / "slurm.conf").write_text(
        (SLURM + ACCOUNTING * accounting).format(**names), encoding="utf-8"
    )
    (folder / "slurmdbd.conf").write_text(SLURMDBD.format(**names), encoding="utf-8")
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(1024))
    for secret in (key, folder / "slurmdbd.conf"):
        secret.chmod(0o600)
    files = [f"--{name}-file={folder}/munge.{name}" for name in ("pid", "log", "seed")]
    commands = [
        ["munged", "-F", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket", *files]
    ]
    if accounting:
        data = ["--no-defaults", f"--datadir={folder}/mariadb", "--user=root"]
        install = ["mariadb-install-db", *data, "--auth-root-authentication-method=normal"]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
        where = ["--bind-address=127.0.0.1", "--port=16820", f"--socket={folder}/mariadb.socket"]
        commands += [["mariadbd", *data, *where], ["slurmdbd", "-D"]]
    commands += [
        ["slurmctld", "-D", "-i"],
        ["slurmd", "-D", "-N", "n1"],
        ["slurmd", "-D", "-N", "n2"],
    ]
    configurations = {CONFIGURATION: folder / "slurm.conf"}
    if accounting:
        configurations[CONFIGURATION.with_name("slurmdbd.conf")] = folder / "slurmdbd.conf"
    processes = []
    try:
        for link, file in configurations.items():
            link.unlink(missing_ok=True)
            link.symlink_to(file)
        for number, command in enumerate(commands):
            with (folder / f"{number}-{command[0]}.out").open("w", encoding="utf-8") as said:
                processes.append(
                    subprocess.Popen(
                        command, stdout=said, stderr=said, env=os.environ | {"PATH": SBIN}
                    )
                )
            time.sleep(3 if command[0] in ("mariadbd", "slurmdbd") else 1)
            if command[0] == "slurmdbd":
                query("sacctmgr", "--immediate", "add", "cluster", "tiny")
        deadline = time.monotonic() + 30
        while "idle" not in query("sinfo", "--noheader", "--format=%T %D"):
            assert time.monotonic() < deadline, query("sinfo")
            time.sleep(0.5)
        yield folder
    finally:
        query("scancel", "--me")
        time.sleep(1)  # else the nodes go before their jobs have
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=30)
        for link in configurations:
            link.unlink()


def query(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout


def jobs() -> list[dict[str, str]]:
    """What the controller knows of all jobs."""
    lines = query("scontrol", "--oneliner", "show", "job").splitlines()
    return [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines if "JobId=" in line]


def submitted(
    copy: Repository, *arguments: str, status_command: str = "squeue", check: bool = True
):
    return copy.snakemake(
        *arguments, "--workflow-profile", "profiles/slurm",
        "--slurm-status-command", status_command,
        "--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "10", check=check,
    )  # fmt: skip


def search_path(folder: Path, scripts: dict[str, str]) -> str:
    """A search path on which a scheduler's commands are shell scripts in `folder`."""
    folder.mkdir(exist_ok=True)
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return f"{folder}:{os.environ['PATH']}"


def few(config: dict) -> None:
    """Each kind of job, few of them."""
    reduced(config)
    kept = ("function_fit", "interpolation", "capacity")
    experiments = config["experiments"] = {name: config["experiments"][name] for name in kept}
    experiments["interpolation"]["seeds"] = [0]
    for name, dropped in (("function_fit", "sinc_deep"), ("capacity", "cnn3")):
        del experiments[name]["variants"][dropped]


def test_the_whole_workflow_on_two_nodes_ends_in_the_bytes_of_a_local_build(
    slurm, tmp_path, python
):
    local, remote = Repository(tmp_path / "local", python), Repository(tmp_path / "remote")
    for copy in (local, remote):
        copy.write_config(few)
    local.snakemake()
    before = len(jobs())
    started = time.monotonic()
    run = submitted(remote)
    seconds = time.monotonic() - started
    seen = jobs()[before:]
    (steps,) = set(re.findall(r"\d+ of (\d+) steps", run.stdout + run.stderr))
    print(f"{steps} jobs in {len(seen)} submissions in {seconds:.0f} s: ", end="")
    print(sorted((job["NodeList"], job["JobState"], job["Comment"]) for job in seen))
    assert remote.digests(*DATA) == local.digests(*DATA)
    assert remote.plan() == set()
    assert {job["NodeList"] for job in seen} == {"n1", "n2"}
    assert {job["JobState"] for job in seen} == {"COMPLETED"}
    # the rules' own requests
    asked = {(re.sub(r"_wildcards.*", "", job["Comment"]), job["MinMemoryNode"]) for job in seen}
    assert ("rule_run_evaluate_train", "2000M") in asked, asked
    assert ("rule_page", "1000M") in asked, asked
    # one core for each submission, although some have several jobs
    assert {job["NumCPUs"] for job in seen} == {"1"}
    # 6 evaluations, and the 2 snapshots of a line, are part of other submissions; `all` is none
    assert len(seen) == int(steps) - 6 - 2 - 1


def test_a_batch_that_runs_out_of_time_resumes_on_retry_and_ends_in_the_same_bytes(
    slurm, tmp_path, python
):
    """Slurm counts in minutes, so the training takes more than two, on whatever machine."""
    epochs = 10

    def long(config):
        config["experiments"] = {"random_labels": config["experiments"]["random_labels"]}
        experiment = config["experiments"]["random_labels"]
        experiment |= {"seeds": [0, 1], "seeds_per_job": 2}
        experiment["training"] |= {"epochs": epochs, "evaluate_each_epoch": ["train", "test"]}
        config["resume_interval"] = 5

    run = "random_labels/lenet5/seeds0-1"
    local, remote = Repository(tmp_path / "local", python), Repository(tmp_path / "remote")
    for copy in (local, remote):
        copy.write_config(reduced)
    # 65 seconds for each of the two, of the processor's time: the clock's would be that of a
    # machine with other tests on it, and these may have ended by then.
    config = local.config()
    long(config)
    first = Run.of_seed(settings_of(config, "random_labels", "lenet5"), 0)
    splits = inputs.Data(datasets.digits(0.2, 28), torch.device("cpu")).splits(first)
    model = models.build(first.model, (1, 32, 32), 10)
    resume = checkpoints.ResumeFile(tmp_path / "resume", "", 1000)
    started = time.process_time()
    loop.train(model, splits, first.training, [(0, 0)], resume, lambda *_: None)
    epochs = int(65 / (time.process_time() - started) * epochs)
    for copy in (local, remote):
        copy.write_config(long)
    before = len(jobs())
    log = remote.folder / f"results/logs/train/{run}.log"
    target = f"results/metrics/{run}.csv"
    resumed = set()
    with ThreadPoolExecutor() as pool:
        # of the submission, in which both are
        minute = ("train:runtime=1", "evaluate:runtime=0")
        short = ("--set-resources", *minute, "--retries", "8")
        build = pool.submit(submitted, remote, target, *short)
        undisturbed = pool.submit(local.snakemake, target)
        while not build.done():  # each try writes its log anew
            if log.exists():
                lines = log.read_text(encoding="utf-8").splitlines()
                signs = ("resuming at epoch", "of the result that is there")
                resumed |= {line for line in lines if any(sign in line for sign in signs)}
            time.sleep(0.2)
        build.result()
        undisturbed.result()
    states = [job["JobState"] for job in jobs()[before:] if "train" in job["Comment"]]
    said = "\n\n".join(log.read_text(encoding="utf-8") for log in remote.folder.rglob("*.log"))
    # Where the job ends by itself at once when it is told to, it may count as failed.
    assert "TIMEOUT" in states or "DUE TO TIME LIMIT" in said, f"{states}\n\n{said}"
    assert resumed
    assert remote.digests(*DATA) == local.digests(*DATA)


def test_a_failing_job_is_reported_with_its_log(slurm, tmp_path):
    copy = Repository(tmp_path / "failing")
    copy.write_config(few)
    copy.snakemake("results/data/digits.npz")
    data = copy.folder / "results/data/digits.npz"
    content = data.read_bytes()
    # With its recipe at its end: without it would be made anew.
    data.write_bytes(content[:1000] + content[-128:])
    before = len(jobs())
    run = submitted(copy, "results/metrics/capacity/cnn1/seed0.csv", "--retries", "1", check=False)
    said = run.stdout + run.stderr
    assert [job["MinMemoryNode"] for job in jobs()[before:]] == ["2000M", "4000M"]
    assert run.returncode == 1
    assert "results/logs/train/capacity/cnn1/seed0.log" in said
    assert "digits.npz is damaged" in said


def test_one_interrupt_leaves_no_job_in_the_queue(slurm, tmp_path):
    copy = Repository(tmp_path / "interrupted")

    def long(config):
        few(config)
        config["experiments"]["capacity"]["training"]["epochs"] = 5000

    copy.write_config(long)
    process = subprocess.Popen(
        [
            sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/slurm",
            "--slurm-status-command", "squeue", "results/tables/capacity_metrics.csv",
        ],
        cwd=copy.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while "R" not in query("squeue", "--noheader", "--format=%t").split():
            assert process.poll() is None
            time.sleep(0.5)
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=120)
    finally:
        process.kill()
    deadline = time.monotonic() + 40
    while left := query("squeue", "--noheader"):
        assert time.monotonic() < deadline, left
        time.sleep(1)


@pytest.mark.parametrize("slurm", ["accounting"], indirect=True)
def test_jobs_are_followed_in_an_accounting_database(slurm, tmp_path):
    copy = Repository(tmp_path / "accounted")
    copy.write_config(few)
    targets = ("capacity", "function_fit")  # three data sets at once: more than a node has room for
    run = submitted(copy, *targets, status_command="sacct")
    assert "Falling back" not in run.stdout + run.stderr
    assert (copy.folder / "results/fig_params.png").exists()
    states = query("sacct", "--allocations", "--noheader", "--parsable2", "--format=State,NodeList")
    print(sorted(states.split()))
    assert set(states.split()) == {"COMPLETED|n1", "COMPLETED|n2"}
    assert copy.plan(*targets) == set()


def test_any_scheduler_with_a_submit_a_status_and_a_cancel_command(tmp_path):
    scripts = {
        # the job runs in the background; its id is the process id; it leaves its exit status
        "submit": "for script; do :; done\n"
        '( sh "$script" > "$QUEUE/out.$$" 2>&1; echo $? > "$QUEUE/$$" ) > /dev/null 2>&1 &\n'
        "echo $$\n",
        "status": 'if [ ! -e "$QUEUE/$1" ]; then echo running\n'
        'elif [ "$(cat "$QUEUE/$1")" = 0 ]; then echo success; else echo failed; fi\n',
        "cancel": 'for job; do echo "$job" >> "$QUEUE/cancelled"; done\n',
    }
    queue = tmp_path / "queue"
    queue.mkdir()
    search_path(tmp_path, {name: f"QUEUE={queue}\n{text}" for name, text in scripts.items()})
    options = []
    for name in scripts:
        options += [f"--cluster-generic-{name}-cmd", str(tmp_path / name)]
    copy = Repository(tmp_path / "copy")
    copy.write_config(few)
    copy.snakemake(
        "capacity", "--workflow-profile", "profiles/cluster-generic", *options,
        "--jobs", "2", "--latency-wait", "10",
    )  # fmt: skip
    statuses = [
        path.read_text(encoding="utf-8").strip() for path in queue.iterdir() if path.name.isdigit()
    ]
    assert len(statuses) == 1 + 2 + 1 + 1  # data, trainings with evaluations, table, figure
    assert set(statuses) == {"0"}
    assert (copy.folder / "results/fig_params.png").exists()


def test_a_gpu_is_asked_for_where_one_is_wanted(tmp_path, monkeypatch):
    copy = Repository(tmp_path / "copy")
    copy.write_config(few)
    copy.snakemake("results/data/digits.npz")
    known = "sinfo squeue sacct sacctmgr scontrol scancel".split()
    scripts = {name: "echo 'main*'" for name in known}
    scripts["sbatch"] = f'echo "$@" >> {tmp_path}/asked; exit 1'
    monkeypatch.setenv("PATH", search_path(tmp_path / "bin", scripts))
    target = "results/metrics/capacity/cnn1/seed0.csv"
    for gpu in ([], ["--set-resources", "train:gpu=1"]):
        submitted(copy, target, "--retries", "0", *gpu, check=False)
    without, wanted = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert "--gpus" not in without
    assert "--gpus=1 " in wanted


@pytest.mark.parametrize(
    "said, status",
    [
        ("job_state = F\n    Exit_status = 0", "success"),
        ("job_state = F\n    Exit_status = 1", "failed"),
        ("job_state = R\n    comment = Unknown Job, at first", "running"),
        ("qstat: Unknown Job Id 12.server", "failed"),
        ("qstat: cannot connect to server", "running"),
    ],
)
def test_the_status_of_a_pbs_job(tmp_path, said, status):
    path = search_path(tmp_path, {"qstat": f"cat << END\nJob Id: $3\n    {said}\nEND"})
    command = [ROOT / "profiles/cluster-generic/status", "12"]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PATH": path})
    assert run.stdout == f"{status}\n"


def test_the_status_command_is_found_from_any_directory(tmp_path):
    """With the profile's own, and a scheduler's commands that fail every job."""
    copy = Repository(tmp_path / "a copy")
    copy.write_config(few)
    path = search_path(tmp_path / "bin", {"qsub": "echo 12", "qstat": "echo job_state = F"})
    run = subprocess.run(
        [
            sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/cluster-generic",
            "--retries", "0", "--directory", tmp_path / "elsewhere", "results/data/digits.npz",
        ],
        cwd=copy.folder,
        env=os.environ | {"PATH": path, "PWD": str(copy.folder)},
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert "Error in rule prepare_data" in run.stdout + run.stderr, run.stdout + run.stderr
    assert "Failed to obtain job status" not in run.stdout + run.stderr
