# What the rules share: the files of a batch and what follows from its wildcards.


def batch(wildcards):
    """What the runs of a batch have in common."""
    return batch_settings(config, wildcards.experiment, wildcards.variant)


def settings_of(wildcards):
    """All settings of a batch as one JSON text: Snakemake compares params as a set."""
    return json.dumps(batch(wildcards), sort_keys=True)


def data_of(wildcards):
    """The data file of a batch."""
    name = dataset_name(config, Run(wildcards.experiment, wildcards.variant, 0))
    return f"results/data/{name}.npz"


def weights_to_start_from(wildcards):
    """The checkpoints of the runs that those of a batch start from."""
    runs = (wildcards.experiment, wildcards.variant, seeds_of(wildcards.seeds))
    return [f"results/checkpoints/{batch}.pt" for batch in start_of(config, *runs)]


def data_file(wildcards):
    """The user's file of a data set, if it has one."""
    settings = config["datasets"][wildcards.dataset]
    return here(settings["file"]) if "file" in settings else []


def dataset_settings(name):
    """The settings of a data set as one JSON text, without the title that figures show."""
    settings = config["datasets"][name]
    return json.dumps({k: settings[k] for k in settings.keys() - {"title", "file"}}, sort_keys=True)


def analysis_of(wildcards):
    """The analysis that a job is of."""
    return ANALYSIS[wildcards.experiment, wildcards.analysis]


def followed_by(pairs):
    """What `experiment` may be in the name of a file, by what stands after it: of two experiments
    e and e_x, e_x_y is the one that has a table of that name."""
    return "|".join(rf"{e}(?=[_/]{after}[_/.])" for e, after in pairs) or "(?!)"


def networks(wildcards):
    """The weights files that a job of an analysis sees, by its scope."""
    names, analysis = dict(wildcards.items()), analysis_of(wildcards)
    variants = [names["variant"]] if "variant" in names else analysis.variants
    seeds = [names["seeds"]] if "seeds" in names else batches(config, analysis.experiment)
    place = "results/weights/{experiment}/{variant}/{seeds}.npz"
    return expand(place, experiment=analysis.experiment, variant=variants, seeds=seeds)


def data_of_analysis(wildcards):
    """The data file of the variants that a job of an analysis sees, if its kind needs one."""
    analysis = analysis_of(wildcards)
    variant = dict(wildcards.items()).get("variant", analysis.variants[0])
    name = dataset_name(config, Run(analysis.experiment, variant, 0))
    return [f"results/data/{name}.npz"] * analysis.kind.declared["data"]


def parts_of(wildcards):
    """The tables that a table of an experiment joins."""
    experiment, table = wildcards.experiment, wildcards.table
    if table in OWN_TABLES:
        variants = config["experiments"][experiment]["variants"]
        place = "results/{table}/{experiment}/{variant}/{seeds}.csv"
    else:
        analysis = JOINED[f"{experiment}_{table}"]
        variants = analysis.variants
        place = PLACES[analysis.kind.declared["scope"]]
    return expand(
        place,
        table=table,
        experiment=experiment,
        variant=variants if "{variant}" in place else [None],
        seeds=batches(config, experiment),
    )


def targets(experiment):
    """What an experiment is built for."""
    return products(experiment, ANALYSES, FIGURES.values())


def kind_of(wildcards):
    """The kind of a figure."""
    return FIGURES[wildcards.figure].kind


def category_of(wildcards):
    """Where a figure stands in Snakemake's report: under its experiment."""
    experiment = FIGURES[wildcards.figure].experiment
    return config["experiments"][experiment]["title"] if experiment else "Claims"
