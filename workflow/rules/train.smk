# Every model is trained here, a batch of seeds at a time; models differ only in their settings.


# The device of a batch, and how often it is saved, are resources: a change of params would train it
# again. The provenance files are not declared, since nothing depends on them, and a job whose runs
# were all kept writes none.
rule train:
    input:
        data=plan.data_of,
        start=plan.start_of,
        made=made_otherwise(
            lambda w: plan.checkpoint_recipe(*w),
            f"results/checkpoints/{BATCH}.pt",
            f"results/history/{BATCH}.csv",
        ),
    output:
        checkpoint=f"results/checkpoints/{BATCH}.pt",
        history=f"results/history/{BATCH}.csv",
    log:
        f"results/logs/train/{BATCH}.log",
    benchmark:
        f"results/benchmarks/train/{BATCH}.tsv"
    priority: longest_first(plan)
    conda:
        ENVIRONMENT
    threads: 1  # part of the result: sums depend on the number of threads
    resources:
        mem_mb=plan.memory_of,
        runtime=plan.minutes_of,
        device=plan.config.device,
        resume_interval=plan.config.resume_interval,
    params:
        recipe=lambda w: plan.checkpoint_recipe(*w),
        settings=plan.settings_of,
        code=lambda w: [plan.here(file) for file in code("train")],
        provenance=plan.provenance,
        start=lambda w, input: f"--start {input.start}" if input.start else "",
    shell:
        f"{plan.command('train')} "
        "--settings {params.settings:q} --data {input.data} "
        "--code {params.code:q} "
        "--device {resources.device} --resume-interval {resources.resume_interval} {params.start} "
        "--checkpoint {output.checkpoint} --history {output.history} "
        "--provenance {params.provenance} > {log} 2>&1"


rule evaluate:
    input:
        checkpoint=f"results/checkpoints/{BATCH}.pt",
        data=plan.data_of,
        made=made_otherwise(
            lambda w: plan.of_checkpoint_recipe("evaluate", *w), f"results/metrics/{BATCH}.csv"
        ),
    output:
        f"results/metrics/{BATCH}.csv",
    log:
        f"results/logs/evaluate/{BATCH}.log",
    benchmark:
        f"results/benchmarks/evaluate/{BATCH}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=plan.memory_of,
        runtime=growing(20),
        device=plan.config.device,
    params:
        recipe=lambda w: plan.of_checkpoint_recipe("evaluate", *w),
    shell:
        f"{plan.command('evaluate')} "
        "--checkpoint {input.checkpoint} --data {input.data} "
        "--device {resources.device} --metrics {output} > {log} 2>&1"


rule snapshot:
    input:
        checkpoint=f"results/checkpoints/{BATCH}.pt",
        made=made_otherwise(
            lambda w: plan.of_checkpoint_recipe("snapshot", *w), f"results/weights/{BATCH}.npz"
        ),
    output:
        f"results/weights/{BATCH}.npz",
    log:
        f"results/logs/snapshot/{BATCH}.log",
    benchmark:
        f"results/benchmarks/snapshot/{BATCH}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=plan.memory_of,
        runtime=growing(10),
    params:
        recipe=lambda w: plan.of_checkpoint_recipe("snapshot", *w),
    shell:
        f"{plan.command('snapshot')} "
        "--checkpoint {input.checkpoint} --weights {output} > {log} 2>&1"
