# Deep and shallow networks: experiments, from data to figures.


# config.yaml is read here, strictly and once: there is no configfile, which would read it loosely.
include: "workflow/rules/plan.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/published.smk"
include: "workflow/rules/terminal.smk"


rule all:
    default_target: True
    input:
        map(plan.targets, plan.experiments),
        "results/index.html",


# A target per experiment, by its name.
for experiment in plan.experiments:

    rule:
        name:
            experiment
        input:
            plan.targets(experiment),


# A target per figure, by its short name: snakemake fig_interp
for name in plan.figures:

    rule:
        name:
            f"fig_{name}"
        input:
            f"results/fig_{name}.png",


# A target per list of claims that names one: the experiments that it is about, and its page.
for name in plan.claims:
    if plan.config.claims[name].target:

        rule:
            name:
                plan.config.claims[name].target
            input:
                map(plan.targets, plan.experiments_on(name)),
                f"results/{name}.html",


# All targets, a line each: snakemake help
rule help:
    log:
        "results/logs/help.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    params:
        text=lambda w: plan.help(),
    shell:
        "printf '%s\\n' {params.text:q} 2> {log}"
