# The figures, each as PNG and as SVG.


rule figure:
    input:
        tables=lambda w: shown(w).tables_of_figure(w.figure),
        made=made_otherwise(
            lambda w: shown(w).figure_recipe(w.figure),
            "results/{published}fig_{figure}.png",
            "results/{published}fig_{figure}.svg",
        ),
    output:
        png=report(
            "results/{published}fig_{figure}.png",
            caption="../report/figure.rst",
            category=lambda w: shown(w).category_of(w.figure),
            labels=lambda w: {"figure": w.figure},
        ),
        svg="results/{published}fig_{figure}.svg",
    log:
        "results/logs/{published}figure/{figure}.log",
    benchmark:
        "results/benchmarks/{published}figure/{figure}.tsv"
    wildcard_constraints:
        figure=either("fig_", plan.figures, published.figures),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        recipe=lambda w: shown(w).figure_recipe(w.figure),
        kind=lambda w: plan.here(shown(w).figures[w.figure].kind.file),
        style=lambda w: json.dumps(shown(w).style_of(w.figure)),
        caption=lambda w: shown(w).figures[w.figure].caption,
    shell:
        f"{plan.command('figure')} "
        "--kind {params.kind:q} --style {params.style:q} "
        "--tables {input.tables} --png {output.png} --svg {output.svg} > {log} 2>&1"
