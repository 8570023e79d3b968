# Deep and shallow networks: experiments, from data to figures.


configfile: f"{workflow.current_basedir}/config.yaml"


include: "workflow/rules/configuration.smk"
include: "workflow/rules/published_build.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/pages.smk"
include: "workflow/rules/requests.smk"
include: "workflow/rules/shell.smk"
include: "workflow/rules/recipes.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/published.smk"


rule all:
    default_target: True
    input:
        [file for experiment in config["experiments"] for file in targets(experiment)],
        "results/index.html",


# A target per experiment, by its name.
for experiment in config["experiments"]:

    rule:
        name:
            experiment
        input:
            targets(experiment),


# A target per figure, by its short name: snakemake fig_interp
for name in FIGURES:

    rule:
        name:
            f"fig_{name}"
        input:
            f"results/fig_{name}.png",


# All of these, with a line each: snakemake help
rule help:
    log:
        "results/logs/help.log",
    retries: 0
    localrule: True
    conda:
        ENVIRONMENT
    params:
        text=lambda wildcards: help_text(),
    shell:
        "printf '%s\\n' {params.text:q} 2> {log}"


# A target per list of claims that names one: all that it is about.
for name in CLAIMS:
    if "target" in config["claims"][name]:

        rule:
            name:
                config["claims"][name]["target"]
            input:
                [file for experiment in experiments_on(name) for file in targets(experiment)],
                f"results/{name}.html",


include: "workflow/rules/terminal.smk"
