# The figures, each as PNG and as SVG.


rule figure:
    input:
        tables=lambda wildcards: [
            f"results/tables/{table}.csv" for table in FIGURES[wildcards.figure].tables
        ],
        made=made_otherwise(
            lambda w: figure_recipe(w.figure),
            "results/fig_{figure}.png",
            "results/fig_{figure}.svg",
        ),
    output:
        png=report(
            "results/fig_{figure}.png",
            caption="../report/figure.rst",
            category=category_of,
            labels=lambda wildcards: {"figure": wildcards.figure},
        ),
        svg="results/fig_{figure}.svg",
    log:
        "results/logs/figure/{figure}.log",
    benchmark:
        "results/benchmarks/figure/{figure}.tsv"
    wildcard_constraints:
        figure="|".join(FIGURES),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: figure_recipe(wildcards.figure),
        kind=lambda wildcards: here(kind_of(wildcards).file),
        style=lambda wildcards: json.dumps(
            style(config, FIGURES[wildcards.figure], experiments_on(wildcards.figure))
        ),
        caption=lambda wildcards: FIGURES[wildcards.figure].caption,
    shell:
        f"{command('figure')} "
        "--kind {params.kind:q} --style {params.style:q} "
        "--tables {input.tables} --png {output.png} --svg {output.svg} > {log} 2>&1"
