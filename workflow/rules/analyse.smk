# From the files of batches to tables: an experiment's own tables, and those of its analyses.


# A rule for each kind of analysis, by its name. Kinds that no experiment uses have one, too, since
# a profile may name them in its groups.
for kind in plan.kinds:
    own = [(a.experiment, a.name) for a in plan.analyses if a.kind.name == kind.name]
    job = JOBS[kind.declared.scope].replace("{table}", "{analysis}")
    places = plan.places_of(kind)

    rule:
        name:
            kind.name
        input:
            weights=plan.networks_of,
            data=plan.data_of_analysis,
            made=made_otherwise(lambda w: plan.analysis_recipe(**dict(w.items())), *places),
        output:
            places,
        log:
            f"results/logs/{kind.name}/{job}.log",
        benchmark:
            f"results/benchmarks/{kind.name}/{job}.tsv"
        wildcard_constraints:
            experiment=followed_by(own),
            analysis=among(name for _, name in own),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=growing(2000),
            runtime=growing(60),
            device=plan.config.device,
        params:
            recipe=lambda w: plan.analysis_recipe(**dict(w.items())),
            kind=lambda w: plan.here(plan.analysis[w.experiment, w.analysis].kind.file),
            settings=plan.settings_of_analysis,
            data=lambda w, input: f"--data {input.data}" if input.data else "",
        shell:
            f"{plan.command('analyse')} "
            "--kind {params.kind:q} --settings {params.settings:q} "
            "--weights {input.weights} {params.data} --device {resources.device} "
            "--tables {output} > {log} 2>&1"


rule tabulate:
    input:
        tables=plan.parts_of,
        made=made_otherwise(
            lambda w: plan.table_recipe(w.experiment, w.table),
            "results/tables/{experiment}_{table}.csv",
        ),
    output:
        "results/tables/{experiment}_{table}.csv",
    log:
        "results/logs/tabulate/{experiment}_{table}.log",
    benchmark:
        "results/benchmarks/tabulate/{experiment}_{table}.tsv"
    wildcard_constraints:
        experiment=followed_by(plan.tabulated),
        table=among(table for _, table in plan.tabulated),
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    params:
        recipe=lambda w: plan.table_recipe(w.experiment, w.table),
    shell:
        f"{plan.command('tabulate')} --tables {{input.tables}} --output {{output}} > {{log}} 2>&1"
