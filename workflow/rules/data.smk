# Data sets, each as one compact file.


def dataset_settings(wildcards):
    """The settings of a data set as one JSON text, without the title that figures show."""
    settings = config["datasets"][wildcards.dataset]
    return json.dumps({k: v for k, v in settings.items() if k != "title"}, sort_keys=True)


# What a data set is a function of. Trainings follow this small file and take the data as ancient:
# new settings or code retrain, while the same data prepared once more do not. (An ancient input
# alone would not do: Snakemake looks for no other reason to run a job while it remakes the
# ancient file, so a change would be left for the next invocation.)
rule data_version:
    input:
        script=f"{SCRIPTS}/prepare_data.py",
        code=modules("prepare_data"),
    output:
        "results/data/{dataset}.version",
    params:
        dataset=dataset_settings,
    log:
        "results/logs/data_version/{dataset}.log",
    benchmark:
        "results/benchmarks/data_version/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=100,
        runtime=5,
    priority: 100000
    shell:
        "(echo {params.dataset:q}; cat {input:q}) 2> {log} | sha256sum > {output}"


rule prepare_data:
    input:
        script=f"{SCRIPTS}/prepare_data.py",
        code=modules("prepare_data"),
    output:
        "results/data/{dataset}.npz",
    params:
        dataset=dataset_settings,
        downloads="data",
    log:
        "results/logs/prepare_data/{dataset}.log",
    benchmark:
        "results/benchmarks/prepare_data/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    priority: 100000  # every training waits for it
    shell:
        # tee, so that a download shows its progress on the terminal as well
        "{PYTHON} {input.script:q} --dataset {params.dataset:q} --downloads {params.downloads} "
        "--output {output} 2>&1 | tee {log}"
