# The ledgers of claims, and the page that shows everything.


rule claims:
    input:
        script=f"{SCRIPTS}/claims.py",
        code=code("claims"),
        claims=lambda wildcards: here(config["claims"][wildcards.claims]["file"]),
        tables=evidence_of,
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
    threads: 1
    resources:
        mem_mb=partial(growing, 2000),
        runtime=partial(growing, 10),
    params:
        code=digest("claims"),
    shell:
        f"{PYTHON} "
        "{input.script:q} --claims {input.claims:q} --tables {input.tables} "
        "--ledger {output.ledger} --parts {output.parts} > {log} 2>&1"


rule page:
    input:
        script=f"{SCRIPTS}/page.py",
        code=code("page"),
        template=here(ROOT / "workflow/report/page.html.j2"),
        claims=lambda wildcards: [here(config["claims"][name]["file"]) for name in CLAIMS],
        ledgers=ledgers(),
        parts=ledgers("_parts"),
        metrics=expand("results/tables/{experiment}_metrics.csv", experiment=config["experiments"]),
        figures=expand("results/fig_{figure}.png", figure=FIGURES),
        published=lambda wildcards: published_ledgers(),
    output:
        "results/index.html",
    log:
        "results/logs/page.log",
    benchmark:
        "results/benchmarks/page.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        code=digest("page"),
        # Functions: as plain text, their braces would be taken for wildcards.
        command=lambda wildcards: command_line(),
        provenance=f"--provenance {PREFIX}results/provenance",
        published=lambda wildcards, input: (
            f"--published {input.published}" if input.published else ""
        ),
        lists=lambda wildcards: json.dumps(
            {name: config["claims"][name]["title"] for name in CLAIMS}
        ),
        sections=lambda wildcards: json.dumps(
            sections(
                config,
                AS_CODED,
                list(FIGURES.values()),
                # Of the report, whose data they are compared with.
                {claim["experiment"] for claim in CLAIMS.get("claims", [])},
            )
        ),
    shell:
        f"{PYTHON} "
        "{input.script:q} --template {input.template:q} --sections {params.sections:q} "
        "--command {params.command:q} --lists {params.lists:q} "
        "--claims {input.claims:q} --ledgers {input.ledgers} --parts {input.parts} "
        "--metrics {input.metrics} --figures {input.figures} {params.provenance} {params.published} "
        "--output {output} > {log} 2>&1"


# Is what was built as it was written? snakemake verify
# What it finds belongs on the terminal: it runs where Snakemake does, once.
rule verify:
    input:
        script=f"{SCRIPTS}/verify.py",
        code=code("verify"),
    log:
        "results/logs/verify.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        code=digest("verify"),
        published=PUBLISHED,
        results=f"{PREFIX}results",
    shell:
        f"{PYTHON} "
        "{input.script:q} --results {params.results:q} --published {params.published:q} 2> {log}"
