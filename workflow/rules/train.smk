# One rule trains every model; what differs is in the settings.


# Where a run trains and how often it is saved are resources, since they are no part of what it is:
# a change of params would train it again. The provenance file is not declared: nothing depends on
# it, and a training whose result was kept has none to write anew.
rule train:
    input:
        script=f"{SCRIPTS}/train.py",
        code=modules("train"),
        data=lambda wildcards: data_of(run_of(wildcards)),
    output:
        checkpoint="results/checkpoints/{experiment}/{variant}/seed{seed}.pt",
        history="results/history/{experiment}/{variant}/seed{seed}.csv",
    log:
        "results/logs/train/{experiment}/{variant}/seed{seed}.log",
    benchmark:
        "results/benchmarks/train/{experiment}/{variant}/seed{seed}.tsv"
    # The longest first, so that none is left alone at the end.
    priority: expected_seconds
    conda:
        ENVIRONMENT
    threads: 1  # part of the result: sums depend on how many threads share them
    resources:
        mem_mb=2000,
        runtime=time_limit,
        device=config["device"],
        resume_interval=config["resume_interval"],
    params:
        settings=settings_of,
    shell:
        "python {input.script:q} --settings {params.settings:q} --data {input.data} "
        "--code {input.script:q} {input.code:q} "
        "--device {resources.device} --resume-interval {resources.resume_interval} "
        "--checkpoint {output.checkpoint} --history {output.history} "
        "--provenance results/provenance/{wildcards.experiment}/{wildcards.variant}/"
        "seed{wildcards.seed}.json > {log} 2>&1"


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
        "python {input.script:q} --checkpoint {input.checkpoint} --data {input.data} "
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
        "python {input.script:q} --checkpoint {input.checkpoint} --weights {output} > {log} 2>&1"
