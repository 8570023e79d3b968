# One rule trains every model; what differs is in the settings.


def expected_seconds(wildcards):
    """A rough estimate of the time that a run trains."""
    return 1 + round(training_seconds(run_settings(config, run_of(wildcards))))


def time_limit(wildcards):
    """Minutes after which a cluster may stop a training, which then resumes on the next try."""
    return 20 + expected_seconds(wildcards) // 15


rule train:
    input:
        script=f"{SCRIPTS}/train.py",
        code=modules("train"),
        version=lambda wildcards: version_of(run_of(wildcards)),
        data=lambda wildcards: data_of(run_of(wildcards)),
    output:
        checkpoint="results/checkpoints/{experiment}/{variant}/seed{seed}.pt",
        history="results/history/{experiment}/{variant}/seed{seed}.csv",
    params:
        settings=settings_of,
    log:
        text="results/logs/train/{experiment}/{variant}/seed{seed}.log",
        provenance="results/logs/train/{experiment}/{variant}/seed{seed}.json",
    benchmark:
        "results/benchmarks/train/{experiment}/{variant}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1  # part of the result: sums depend on how many threads share them
    resources:
        mem_mb=2000,
        runtime=time_limit,
        device=config["device"],
    # The longest first, so that none is left alone at the end.
    priority: expected_seconds
    shell:
        "{PYTHON} {input.script:q} --settings {params.settings:q} --data {input.data} "
        "--code {input.script:q} {input.code:q} {input.version} "
        "--device {resources.device} --resume-interval {RESUME_INTERVAL} "
        "--checkpoint {output.checkpoint} --history {output.history} "
        "--provenance {log.provenance} > {log.text} 2>&1"


rule evaluate:
    input:
        script=f"{SCRIPTS}/evaluate.py",
        code=modules("evaluate"),
        checkpoint="results/checkpoints/{experiment}/{variant}/seed{seed}.pt",
        data=lambda wildcards: data_of(run_of(wildcards)),
    output:
        "results/metrics/{experiment}/{variant}/seed{seed}.csv",
    log:
        "results/logs/evaluate/{experiment}/{variant}/seed{seed}.log",
    benchmark:
        "results/benchmarks/evaluate/{experiment}/{variant}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
        device=config["device"],
    shell:
        "{PYTHON} {input.script:q} --checkpoint {input.checkpoint} --data {input.data} "
        "--device {resources.device} --metrics {output} > {log} 2>&1"


rule snapshot:
    input:
        script=f"{SCRIPTS}/snapshot.py",
        code=modules("snapshot"),
        checkpoint="results/checkpoints/{experiment}/{variant}/seed{seed}.pt",
    output:
        "results/weights/{experiment}/{variant}/seed{seed}.npz",
    log:
        "results/logs/snapshot/{experiment}/{variant}/seed{seed}.log",
    benchmark:
        "results/benchmarks/snapshot/{experiment}/{variant}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "{PYTHON} {input.script:q} --checkpoint {input.checkpoint} --weights {output} > {log} 2>&1"
