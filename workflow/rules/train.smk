# What trains every model, a batch of seeds at a time; what differs is in the settings.


# Where a batch trains and how often it is saved are resources, since they are no part of what it
# is: a change of params would train it again. The provenance files are not declared: nothing
# depends on them, and a training whose result was kept has none to write anew.
rule train:
    input:
        data=data_of,
        start=weights_to_start_from,
        made=made_otherwise(
            lambda w: checkpoint_recipe(*w),
            "results/checkpoints/{experiment}/{variant}/{seeds}.pt",
            "results/history/{experiment}/{variant}/{seeds}.csv",
        ),
    output:
        checkpoint="results/checkpoints/{experiment}/{variant}/{seeds}.pt",
        history="results/history/{experiment}/{variant}/{seeds}.csv",
    log:
        "results/logs/train/{experiment}/{variant}/{seeds}.log",
    benchmark:
        "results/benchmarks/train/{experiment}/{variant}/{seeds}.tsv"
    priority: longest_first
    conda:
        ENVIRONMENT
    threads: 1  # part of the result: sums depend on how many threads share them
    resources:
        mem_mb=memory,
        runtime=time_limit,
        device=config["device"],
        resume_interval=config["resume_interval"],
    params:
        recipe=lambda wildcards: checkpoint_recipe(*wildcards),
        settings=settings_of,
        code=[here(file) for file in code("train")],
        provenance=f"{PREFIX}results/provenance",
        start=lambda wildcards, input: f"--start {input.start}" if input.start else "",
    shell:
        f"{command('train')} "
        "--settings {params.settings:q} --data {input.data} "
        "--code {params.code:q} "
        "--device {resources.device} --resume-interval {resources.resume_interval} {params.start} "
        "--checkpoint {output.checkpoint} --history {output.history} "
        "--provenance {params.provenance} > {log} 2>&1"


rule evaluate:
    input:
        checkpoint="results/checkpoints/{experiment}/{variant}/{seeds}.pt",
        data=data_of,
        made=made_otherwise(
            lambda w: of_checkpoint_recipe("evaluate", *w),
            "results/metrics/{experiment}/{variant}/{seeds}.csv",
        ),
    output:
        "results/metrics/{experiment}/{variant}/{seeds}.csv",
    log:
        "results/logs/evaluate/{experiment}/{variant}/{seeds}.log",
    benchmark:
        "results/benchmarks/evaluate/{experiment}/{variant}/{seeds}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=partial(growing, 20),
        device=config["device"],
    params:
        recipe=lambda wildcards: of_checkpoint_recipe("evaluate", *wildcards),
    shell:
        f"{command('evaluate')} "
        "--checkpoint {input.checkpoint} --data {input.data} "
        "--device {resources.device} --metrics {output} > {log} 2>&1"


rule snapshot:
    input:
        checkpoint="results/checkpoints/{experiment}/{variant}/{seeds}.pt",
        made=made_otherwise(
            lambda w: of_checkpoint_recipe("snapshot", *w),
            "results/weights/{experiment}/{variant}/{seeds}.npz",
        ),
    output:
        "results/weights/{experiment}/{variant}/{seeds}.npz",
    log:
        "results/logs/snapshot/{experiment}/{variant}/{seeds}.log",
    benchmark:
        "results/benchmarks/snapshot/{experiment}/{variant}/{seeds}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=memory,
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: of_checkpoint_recipe("snapshot", *wildcards),
    shell:
        f"{command('snapshot')} " "--checkpoint {input.checkpoint} --weights {output} > {log} 2>&1"
