# Data sets, each as one compact file.


rule prepare_data:
    input:
        source=plan.source_of,
        made=made_otherwise(lambda w: plan.dataset_recipe(w.dataset), "results/data/{dataset}.npz"),
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
        mem_mb=growing(1000),
        runtime=growing(30),
        # A resource: a folder changes no content. A function: its braces are no wildcards.
        downloads=lambda w: expanded("downloads", plan.config.downloads),
    params:
        recipe=lambda w: plan.dataset_recipe(w.dataset),
        dataset=lambda w: plan.dataset_settings(w.dataset),
        source=lambda w, input: f"--source {shlex.quote(input.source)}" if input.source else "",
    shell:
        # tee, so that a download shows its progress on the terminal as well
        f"{plan.command('prepare_data')} "
        "--dataset {params.dataset:q} --downloads {resources.downloads:q} "
        "{params.source} "
        "--output {output} 2>&1 | tee {log}"
