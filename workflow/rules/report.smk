# The ledgers of claims, and the pages: of everything, and of what each list is about.


rule claims:
    input:
        claims=lambda wildcards: here(config["claims"][wildcards.claims]["file"]),
        tables=evidence_of,
        made=made_otherwise(
            lambda w: ledger_recipe(w.claims, w.arm),
            "results/tables/{claims}_{arm}.csv",
            "results/tables/{claims}_parts_{arm}.csv",
        ),
    output:
        ledger="results/tables/{claims}_{arm}.csv",
        parts="results/tables/{claims}_parts_{arm}.csv",
    log:
        "results/logs/claims/{claims}_{arm}.log",
    benchmark:
        "results/benchmarks/claims/{claims}_{arm}.tsv"
    wildcard_constraints:
        claims="|".join(CLAIMS) or "(?!)",
        arm="|".join(ARMS),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 2000),
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: ledger_recipe(wildcards.claims, wildcards.arm),
        left_out=lambda wildcards: left_out_of(wildcards.claims, wildcards.arm),
    shell:
        f"{command('claims')} "
        "--claims {input.claims:q} --left-out {params.left_out} "
        "--tables {input.tables} --ledger {output.ledger} --parts {output.parts} > {log} 2>&1"


rule page:
    input:
        template=here(ROOT / "workflow/report/page.html.j2"),
        answer=here(ROOT / "workflow/report/answer.yaml"),
        claims=lambda wildcards: [
            here(config["claims"][name]["file"]) for name in lists_on(wildcards.page)
        ],
        ledgers=lambda wildcards: ledgers(lists_on(wildcards.page)),
        parts=lambda wildcards: ledgers(lists_on(wildcards.page), "_parts"),
        metrics=lambda wildcards: expand(
            "results/tables/{experiment}_metrics.csv", experiment=experiments_on(wildcards.page)
        ),
        figures=lambda wildcards: expand(
            "results/fig_{figure}.png", figure=figures_on(wildcards.page)
        ),
        # It embeds them, and reads from the others what they show.
        drawings=lambda wildcards: expand(
            "results/fig_{figure}.svg", figure=figures_on(wildcards.page)
        ),
        published=lambda wildcards: published_ledgers(lists_on(wildcards.page)),
        made=made_otherwise(lambda w: page_recipe(w.page), "results/{page}.html"),
    output:
        "results/{page}.html",
    log:
        "results/logs/page/{page}.log",
    benchmark:
        "results/benchmarks/page/{page}.tsv"
    wildcard_constraints:
        page="|".join(["index", *CLAIMS]),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: page_recipe(wildcards.page),
        # Functions: as plain text, their braces would be taken for wildcards.
        command=lambda wildcards: command_line(wildcards.page),
        provenance=f"--provenance {PREFIX}results/provenance",
        published=lambda wildcards, input: (
            f"--published {input.published}" if input.published else ""
        ),
        lists=lambda wildcards: json.dumps(titles_on(wildcards.page)),
        sections=lambda wildcards: json.dumps(sections_on(wildcards.page)),
        shown=lambda wildcards: json.dumps(
            {f"{PREFIX}{file}": recipe for file, recipe in shown_by(wildcards.page).items()}
        ),
    shell:
        f"{command('page')} "
        "--template {input.template:q} --answer {input.answer:q} --sections {params.sections:q} "
        "--command {params.command:q} --lists {params.lists:q} "
        "--claims {input.claims:q} --ledgers {input.ledgers} --parts {input.parts} "
        "--shown {params.shown:q} --metrics {input.metrics} --figures {input.figures} {params.provenance} {params.published} "
        "--output {output} > {log} 2>&1"


# Is what was built as it was written? snakemake verify
# What it finds belongs on the terminal: it runs where Snakemake does, once.
rule verify:
    log:
        "results/logs/verify.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        recipe="",
        published=PUBLISHED,
        results=f"{PREFIX}results",
    shell:
        f"{command('verify')} "
        "--results {params.results:q} --published {params.published:q} 2> {log}"
