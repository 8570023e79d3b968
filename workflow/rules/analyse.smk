# From the files of batches to tables: the own ones of an experiment, and those of its analyses.


# A rule of each kind of analysis that there is, with its name; what no experiment uses, for those
# who speak of it: a profile has its groups.
for kind in KINDS:
    own = [analysis for analysis in ANALYSES if analysis.kind.name == kind.name]
    ends = [f"_{end}" if end else "" for end in kind.declared["tables"]]
    place = PLACES[kind.declared["scope"]]
    places = [place.replace("{table}", f"{{analysis}}{end}") for end in ends]
    job = JOBS[kind.declared["scope"]].replace("{table}", "{analysis}")

    rule:
        name:
            kind.name
        input:
            weights=networks,
            data=data_of_analysis,
            made=made_otherwise(job_of_analysis, *places),
        output:
            places,
        log:
            f"results/logs/{kind.name}/{job}.log",
        benchmark:
            f"results/benchmarks/{kind.name}/{job}.tsv"
        wildcard_constraints:
            experiment=followed_by({(analysis.experiment, analysis.name): 0 for analysis in own}),
            analysis="|".join({analysis.name: 0 for analysis in own}) or "(?!)",
        conda:
            ENVIRONMENT
        resources:
            mem_mb=partial(growing, 2000),
            runtime=partial(growing, 60),
            device=config["device"],
        params:
            recipe=lambda wildcards: job_of_analysis(wildcards),
            kind=partial(lambda file, wildcards: here(file), kind.file),
            settings=lambda wildcards: json.dumps(analysis_of(wildcards).settings, sort_keys=True),
            data=lambda wildcards, input: f"--data {input.data}" if input.data else "",
        shell:
            f"{command('analyse')} "
            "--kind {params.kind:q} --settings {params.settings:q} "
            "--weights {input.weights} {params.data} --device {resources.device} "
            "--tables {output} > {log} 2>&1"


rule tabulate:
    input:
        tables=parts_of,
        made=made_otherwise(
            lambda w: table_recipe(w.experiment, w.table),
            "results/tables/{experiment}_{table}.csv",
        ),
    output:
        "results/tables/{experiment}_{table}.csv",
    log:
        "results/logs/tabulate/{experiment}_{table}.log",
    benchmark:
        "results/benchmarks/tabulate/{experiment}_{table}.tsv"
    wildcard_constraints:
        experiment=followed_by(
            [
                *((e, t) for e in config["experiments"] for t in OWN_TABLES),
                *((a.experiment, t) for a in JOINED.values() for t in a.tables),
            ]
        ),
        table="|".join([*OWN_TABLES, *{t: 0 for a in JOINED.values() for t in a.tables}]),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        recipe=lambda wildcards: table_recipe(wildcards.experiment, wildcards.table),
    shell:
        f"{command('tabulate')} " "--tables {input.tables} --output {output} > {log} 2>&1"
