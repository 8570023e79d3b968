# Data sets, each as one compact file.


rule prepare_data:
    input:
        source=data_file,
        made=made_otherwise(lambda w: dataset_recipe(w.dataset), "results/data/{dataset}.npz"),
    output:
        "results/data/{dataset}.npz",
    log:
        "results/logs/prepare_data/{dataset}.log",
    benchmark:
        "results/benchmarks/prepare_data/{dataset}.tsv"
    priority: 100000  # every training waits for it
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 30),
        # Where files lie is no part of what they hold. A function: braces are no wildcards.
        downloads=lambda wildcards: downloads,
    params:
        recipe=lambda wildcards: dataset_recipe(wildcards.dataset),
        dataset=lambda wildcards: dataset_settings(wildcards.dataset),
        source=lambda wildcards, input: (
            f"--source {shlex.quote(input.source)}" if input.source else ""
        ),
    shell:
        # tee, so that a download shows its progress on the terminal as well
        f"{command('prepare_data')} "
        "--dataset {params.dataset:q} --downloads {resources.downloads:q} "
        "{params.source} "
        "--output {output} 2>&1 | tee {log}"
