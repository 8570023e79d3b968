# What trains every model; what differs is in the settings.


# Where a run trains and how often it is saved are resources, since they are no part of what it is:
# a change of params would train it again. The provenance files are not declared: nothing depends
# on them, and a training whose result was kept has none to write anew.
for job in jobs(config):

    rule:
        name:
            f"train{job.name}"
        input:
            script=f"{SCRIPTS}/train.py",
            code=modules("train"),
            data=partial(data_of_job, job),
        output:
            checkpoints=[f"results/checkpoints/{file}.pt" for file in job.files],
            histories=[f"results/history/{file}.csv" for file in job.files],
        log:
            f"results/logs/train/{job.log}.log",
        benchmark:
            f"results/benchmarks/train/{job.log}.tsv"
        wildcard_constraints:
            experiment=single_run_experiments(config),
        # The longest first, so that none is left alone at the end.
        priority: partial(expected_seconds, job)
        conda:
            ENVIRONMENT
        threads: 1  # part of the result: sums depend on how many threads share them
        resources:
            mem_mb=partial(growing, 2000),
            runtime=partial(time_limit, job),
            device=config["device"],
            resume_interval=config["resume_interval"],
        params:
            code=digest("train"),
            settings=partial(settings_of, job),
        shell:
            "python {input.script:q} --settings {params.settings:q} --data {input.data} "
            "--code {input.script:q} {input.code:q} "
            "--device {resources.device} --resume-interval {resources.resume_interval} "
            "--checkpoints {output.checkpoints} --histories {output.histories} "
            "--provenance results/provenance > {log} 2>&1"

    rule:
        name:
            f"evaluate{job.name}"
        input:
            script=f"{SCRIPTS}/evaluate.py",
            code=modules("evaluate"),
            checkpoints=[f"results/checkpoints/{file}.pt" for file in job.files],
            data=partial(data_of_job, job),
        output:
            [f"results/metrics/{file}.csv" for file in job.files],
        log:
            f"results/logs/evaluate/{job.log}.log",
        benchmark:
            f"results/benchmarks/evaluate/{job.log}.tsv"
        wildcard_constraints:
            experiment=single_run_experiments(config),
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            mem_mb=partial(growing, 2000),
            runtime=partial(growing, 20),
            device=config["device"],
        params:
            code=digest("evaluate"),
        shell:
            "python {input.script:q} --checkpoints {input.checkpoints} --data {input.data} "
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
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        code=digest("snapshot"),
    shell:
        "python {input.script:q} --checkpoint {input.checkpoint} --weights {output} > {log} 2>&1"
