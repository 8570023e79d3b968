# Ledger, figures and page of the published tables, without any training: snakemake published
# They are of config.yaml, whatever overlays are given, with the seeds that were published.


rule unpack_published:
    input:
        table=f"{PUBLISHED}/{{arm}}/{{table}}.csv.xz",
        made=made_otherwise(
            lambda w: published_recipe("unpack_published", w.arm, w.table),
            "results/published/{arm}/tables/{table}.csv",
        ),
    output:
        "results/published/{arm}/tables/{table}.csv",
    log:
        "results/logs/unpack_published/{arm}_{table}.log",
    benchmark:
        "results/benchmarks/unpack_published/{arm}_{table}.tsv"
    wildcard_constraints:
        arm="|".join(ARMS),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: published_recipe(
            "unpack_published", wildcards.arm, wildcards.table
        ),
    shell:
        f"{command('unpack_published')} " "--packed {input.table:q} --table {output} > {log} 2>&1"


use rule claims as published_claims with:
    input:
        claims=lambda wildcards: here(
            ROOT / published_build()[0]["claims"][wildcards.claims]["file"]
        ),
        tables=lambda wildcards: published_tables(wildcards.arm),
        made=made_otherwise(
            lambda w: published_recipe("claims", w.claims, w.arm),
            "results/published/tables/{claims}_{arm}.csv",
            "results/published/tables/{claims}_parts_{arm}.csv",
        ),
    output:
        ledger="results/published/tables/{claims}_{arm}.csv",
        parts="results/published/tables/{claims}_parts_{arm}.csv",
    log:
        "results/logs/published_claims/{claims}_{arm}.log",
    benchmark:
        "results/benchmarks/published_claims/{claims}_{arm}.tsv"
    params:
        recipe=lambda wildcards: published_recipe("claims", wildcards.claims, wildcards.arm),
        left_out=lambda wildcards: published_left_out(wildcards.claims, wildcards.arm),


use rule figure as published_figure with:
    input:
        tables=lambda wildcards: [
            (
                f"results/published/tables/{table}.csv"
                if published_figure(wildcards.figure).experiment is None
                else f"results/published/{ARMS[0]}/tables/{table}.csv"
            )
            for table in published_figure(wildcards.figure).tables
        ],
        made=made_otherwise(
            lambda w: published_recipe("figure", w.figure),
            "results/published/fig_{figure}.png",
            "results/published/fig_{figure}.svg",
        ),
    output:
        png="results/published/fig_{figure}.png",
        svg="results/published/fig_{figure}.svg",
    log:
        "results/logs/published_figure/{figure}.log",
    benchmark:
        "results/benchmarks/published_figure/{figure}.tsv"
    wildcard_constraints:
        figure=r"\w+",
    params:
        recipe=lambda wildcards: published_recipe("figure", wildcards.figure),
        kind=lambda wildcards: here(published_figure(wildcards.figure).kind.file),
        style=lambda wildcards: json.dumps(published_style(wildcards.figure)),


use rule page as published_page with:
    input:
        template=here(ROOT / "workflow/report/page.html.j2"),
        answer=here(ROOT / "workflow/report/answer.yaml"),
        claims=lambda wildcards: [
            here(ROOT / published_build()[0]["claims"][name]["file"]) for name in published_lists()
        ],
        ledgers=lambda wildcards: published_ledgers(published_lists(), PUBLISHED_ARMS),
        parts=lambda wildcards: published_ledgers(published_lists(), PUBLISHED_ARMS, "_parts"),
        metrics=lambda wildcards: [
            f"results/published/{ARMS[0]}/tables/{name}_metrics.csv"
            for name in published_build()[0]["experiments"]
        ],
        runs=lambda wildcards: [
            f"results/published/{ARMS[0]}/tables/{name}_runs.csv"
            for name in published_build()[0]["experiments"]
        ],
        figures=lambda wildcards: [
            f"results/published/fig_{name}.png" for name in published_build()[2]
        ],
        drawings=lambda wildcards: [
            f"results/published/fig_{name}.svg" for name in published_build()[2]
        ],
        made=made_otherwise(lambda w: published_recipe("page"), "results/published/index.html"),
    output:
        "results/published/index.html",
    log:
        "results/logs/published_page.log",
    benchmark:
        "results/benchmarks/published_page.tsv"
    params:
        recipe=lambda wildcards: published_recipe("page"),
        command=lambda wildcards: "snakemake published",
        provenance=f"--provenance {PREFIX}results/published/{ARMS[0]}/tables --runs",
        published="",
        shown="{}",
        lists=lambda wildcards: json.dumps(published_titles()),
        sections=lambda wildcards: json.dumps(published_sections()),


rule published:
    input:
        "results/published/index.html",


# Does this build agree with the published tables? snakemake compare
rule comparison:
    input:
        claims=[here(config["claims"][name]["file"]) for name in CLAIMS],
        tables=lambda wildcards: tables_compared(
            "results/tables" if wildcards.arm == ARMS[0] else f"{wildcards.arm}/results/tables",
            wildcards.arm,
        ),
        published=lambda wildcards: tables_compared(
            f"{PUBLISHED}/{wildcards.arm}", wildcards.arm, ".csv.xz"
        ),
    output:
        table="results/tables/comparison_{arm}.csv",
        text="results/comparison_{arm}.txt",
    log:
        "results/logs/comparison/{arm}.log",
    benchmark:
        "results/benchmarks/comparison/{arm}.tsv"
    wildcard_constraints:
        arm="|".join(ARMS),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 2000),
        runtime=partial(growing, 10),
    params:
        recipe=digest("comparison"),
        # Not those whose tables another job has made since the inputs were chosen.
        experiments=lambda wildcards, input: json.dumps(
            {
                name: reason
                for name, reason in compared(wildcards.arm).items()
                if reason or f"{name}_metrics.csv.xz" in map(os.path.basename, input.published)
            }
        ),
    shell:
        f"{command('comparison')} "
        "--claims {input.claims:q} --tables {input.tables} "
        "--published {input.published} --experiments {params.experiments:q} "
        "--table {output.table} --text {output.text} > {log} 2>&1"


# What it finds belongs on the terminal: it runs where Snakemake does.
rule compare:
    input:
        lambda wildcards: [
            f"results/comparison_{arm}.txt" for arm in PUBLISHED_ARMS if compared(arm)
        ],
    log:
        "results/logs/compare.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    shell:
        "cat {input} 2> {log}" if PUBLISHED_ARMS else "echo Nothing is published: see make publish"
