# The ledgers of claims, and the pages: one of everything, and one for each list of claims.


rule claims:
    input:
        claims=lambda w: shown(w).rules_of(w.claims),
        tables=lambda w: shown(w).evidence(w.claims, w.arm),
        made=made_otherwise(
            lambda w: shown(w).ledger_recipe(w.claims, w.arm),
            "results/{published}tables/{claims}_{arm}.csv",
            "results/{published}tables/{claims}_parts_{arm}.csv",
        ),
    output:
        ledger="results/{published}tables/{claims}_{arm}.csv",
        parts="results/{published}tables/{claims}_parts_{arm}.csv",
    log:
        "results/logs/{published}claims/{claims}_{arm}.log",
    benchmark:
        "results/benchmarks/{published}claims/{claims}_{arm}.tsv"
    wildcard_constraints:
        claims=either("tables/", plan.claims, published.claims),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        recipe=lambda w: shown(w).ledger_recipe(w.claims, w.arm),
        left_out=lambda w: shown(w).left_out(w.claims, w.arm),
        statistics=lambda w: shown(w).statistics,
    shell:
        f"{plan.command('claims')} "
        "--claims {input.claims:q} --left-out {params.left_out} --statistics {params.statistics:q} "
        "--tables {input.tables} --ledger {output.ledger} --parts {output.parts} > {log} 2>&1"


rule page:
    input:
        template=plan.here(TEMPLATE),
        answer=plan.here(ANSWER),
        claims=lambda w: map(shown(w).rules_of, shown(w).lists_on(w.page)),
        ledgers=lambda w: shown(w).ledgers(shown(w).lists_on(w.page)),
        parts=lambda w: shown(w).ledgers(shown(w).lists_on(w.page), "_parts"),
        metrics=lambda w: shown(w).metrics_on(w.page),
        figures=lambda w: shown(w).drawn_on(w.page, ".png"),
        # The page embeds these, and reads from the PNG files what they show.
        drawings=lambda w: shown(w).drawn_on(w.page, ".svg"),
        # The page of a build compares with these.
        published=lambda w: [] if w.published else published.first_ledgers(plan.lists_on(w.page)),
        runs=lambda w: shown(w).runs_on(w.page),
        made=made_otherwise(
            lambda w: shown(w).page_recipe(w.page), "results/{published}{page}.html"
        ),
    output:
        "results/{published}{page}.html",
    log:
        "results/logs/{published}page/{page}.log",
    benchmark:
        "results/benchmarks/{published}page/{page}.tsv"
    wildcard_constraints:
        page=either("", ["index", *plan.claims], ["index", *published.claims]),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        recipe=lambda w: shown(w).page_recipe(w.page),
        # Functions, since braces in plain text would be taken for wildcards.
        command=lambda w: shown(w).command_of(w.page),
        provenance=lambda w: shown(w).provenance,
        arms=lambda w: json.dumps(shown(w).titles_of_arms),
        lists=lambda w: json.dumps(shown(w).titles_on(w.page)),
        sections=lambda w: json.dumps(shown(w).sections_on(w.page)),
        shown=lambda w: json.dumps(
            {f"{plan.prefix}{f}": r for f, r in shown(w).shown_by(w.page).items()}
        ),
    shell:
        f"{plan.command('page')} "
        "--template {input.template:q} --answer {input.answer:q} --sections {params.sections:q} "
        "--command {params.command:q} --lists {params.lists:q} --arms {params.arms:q} "
        "--claims {input.claims:q} --ledgers {input.ledgers} --parts {input.parts} "
        "--shown {params.shown:q} --metrics {input.metrics} --figures {input.figures} "
        "--provenance {params.provenance} --runs {input.runs} --published {input.published} "
        "--output {output} > {log} 2>&1"


# Are the results as they were written? snakemake verify
# It prints to the terminal, so it runs where Snakemake does, once.
rule verify:
    log:
        "results/logs/verify.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        recipe="",
        published=plan.here(REPOSITORY / "published"),
        results=f"{plan.prefix}results",
    shell:
        f"{plan.command('verify')} "
        "--results {params.results:q} --published {params.published:q} 2> {log}"
