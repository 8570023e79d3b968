# The answer of the published tables, without any training: snakemake published
# The rules of ledgers, figures and pages make it from the unpacked tables.


rule unpack:
    input:
        table=lambda w: published.packed(w.table, w.arm),
        made=made_otherwise(
            lambda w: published.unpacked_recipe(w.table, w.arm),
            "results/published/{arm}/tables/{table}.csv",
        ),
    output:
        "results/published/{arm}/tables/{table}.csv",
    log:
        "results/logs/published/unpack/{arm}_{table}.log",
    benchmark:
        "results/benchmarks/published/unpack/{arm}_{table}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        recipe=lambda w: published.unpacked_recipe(w.table, w.arm),
    shell:
        f"{plan.command('unpack')} --packed {{input.table:q}} --table {{output}} > {{log}} 2>&1"


rule published:
    input:
        lambda w: published.page(),


# Does this build agree with the published tables? snakemake compare
rule comparison:
    input:
        claims=[plan.rules_of(name) for name in plan.claims],
        tables=lambda w: [
            f"{plan.of_arm(w.arm).tables}/{table}.csv"
            for table in published.tables_compared(plan, w.arm)
        ],
        published=lambda w: [
            published.packed(table, w.arm) for table in published.tables_compared(plan, w.arm)
        ],
    output:
        table="results/tables/comparison_{arm}.csv",
        text="results/comparison_{arm}.txt",
    log:
        "results/logs/comparison/{arm}.log",
    benchmark:
        "results/benchmarks/comparison/{arm}.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        recipe=recipe_of("comparison", plan.code_of_statistics),
        statistics=lambda w: plan.statistics,
        # Without experiments whose tables were made after the inputs had been chosen.
        experiments=lambda w, input: json.dumps(
            {
                name: reason
                for name, reason in published.compared(plan, w.arm).items()
                if reason or published.packed(f"{name}_metrics", w.arm) in input.published
            }
        ),
    shell:
        f"{plan.command('comparison')} "
        "--claims {input.claims:q} --statistics {params.statistics:q} --tables {input.tables} "
        "--published {input.published} --experiments {params.experiments:q} "
        "--table {output.table} --text {output.text} > {log} 2>&1"


# It prints to the terminal, so it runs where Snakemake does.
rule compare:
    input:
        lambda w: [f"results/comparison_{arm}.txt" for arm in published.arms_compared(plan)],
    log:
        "results/logs/compare.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    shell:
        "cat {input} 2> {log}"
        if published.held["arms"]
        else "echo Nothing is published: see make publish"
