# What each file is made by: a digest of the code and the settings of its job, and of the recipes of
# what it is made from. Files carry it (hw1.recipes), so a file of other settings or other code is
# made anew whatever Snakemake remembers, or was told not to look at.

from hashlib import sha256

from hw1 import recipes

# Every job has this file as an input, which is dated later than any result. It is ancient, so that
# nobody looks at its date, unless what the job has made carries another recipe.
OTHERWISE = here(".snakemake/made_otherwise")
if workflow.is_main_process:
    os.makedirs(os.path.dirname(OTHERWISE), exist_ok=True)
    with open(OTHERWISE, "w", encoding="utf-8") as file:
        file.write(str(time.time_ns()))  # other content, too, for which Snakemake looks


def made_otherwise(recipe, *places):
    """An input function, for the places of a job's outputs and the function that gives its recipe."""

    def function(wildcards):
        files = [PREFIX + place.format(**dict(wildcards.items())) for place in places]
        # One that is not there is made in any case.
        there = [file for file in files if os.path.exists(file)]
        current = not there or {*map(recipes.of, there)} == {recipe(wildcards)}
        return ancient(OTHERWISE) if current else OTHERWISE

    return function


BY_ARM = dict(zip(ARMS, (config, AS_CODED), strict=True))


def recipe_of(script, settings, made_from=(), kind=None):
    """The recipe of a job of a rule."""
    text = json.dumps([digest(script, kind), settings, list(made_from)], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def content_of(*files):
    """Digests of files that are no results, of those that are there."""
    return [sha256(Path(f).read_bytes()).hexdigest() for f in files if os.path.isfile(f)]


@functools.cache
def dataset_recipe(name):
    """What a prepared data set is made by; of one's own file it is the content."""
    source = config["datasets"][name].get("file")
    # Another rule of a workflow that has this one as a module may have yet to make it.
    content = content_of(source) if source and not MODULE else []
    return recipe_of("prepare_data", dataset_settings(name), content)


@functools.cache
def alone(experiment, arm):
    """The seeds of an experiment as batches of one: how they are cut changes no table. Of another
    arm they are those that its metrics hold."""
    if arm == ARMS[0]:
        return [f"seed{seed}" for seed in seeds_of_experiment(config, experiment)]
    path = f"{PREFIX}{arm}/results/tables/{experiment}_metrics.csv"
    with suppress(OSError, KeyError), open(path, encoding="utf-8", newline="") as file:
        return [f"seed{s}" for s in sorted({int(row["seed"]) for row in csv.DictReader(file)})]
    return []


# Here and below `arm` says whose settings count: those of the configuration, or of another arm.
@functools.cache
def checkpoint_recipe(experiment, variant, seeds, arm=ARMS[0]):
    """What the checkpoint and the history of a batch are made by."""
    settings = batch_settings(BY_ARM[arm], experiment, variant)
    made_from = [dataset_recipe(dataset_name(BY_ARM[arm], Run(experiment, variant, 0)))]
    if start := settings.get("start"):
        place = start["experiment"], start["variant"]
        made_from += [checkpoint_recipe(*place, f"seed{seed}", arm) for seed in seeds_of(seeds)]
    return recipe_of("train", [settings, seeds], made_from)


@functools.cache
def of_checkpoint_recipe(script, experiment, variant, seeds, arm=ARMS[0]):
    """What the metrics of a batch are made by, or its weights."""
    return recipe_of(script, None, [checkpoint_recipe(experiment, variant, seeds, arm)])


@functools.cache
def analysis_recipe(experiment, name, variant=None, seeds=None, arm=ARMS[0]):
    """What the tables of a job of an analysis are made by, of all variants or batches or of one."""
    analysis = ANALYSIS[experiment, name]
    variants = [variant] if variant else analysis.variants
    made_from = [
        of_checkpoint_recipe("snapshot", experiment, v, s, arm)
        for v in variants
        for s in ([seeds] if seeds else alone(experiment, arm))
    ]
    if analysis.kind.declared["data"]:
        run = Run(experiment, variants[0], 0)
        made_from.append(dataset_recipe(dataset_name(BY_ARM[arm], run)))
    return recipe_of("analyse", analysis.settings, made_from, analysis.kind)


def job_of_analysis(wildcards):
    """The recipe of a job of an analysis by its wildcards, which depend on its scope."""
    names = dict(wildcards.items())
    return analysis_recipe(names.pop("experiment"), names.pop("analysis"), **names)


@functools.cache
def table_recipe(experiment, table, arm=ARMS[0]):
    """What a table of an experiment is made by."""
    names = alone(experiment, arm)
    if table in OWN_TABLES:
        variants = BY_ARM[arm]["experiments"][experiment]["variants"]
        each = {"history": checkpoint_recipe}.get(table) or partial(
            of_checkpoint_recipe, "evaluate"
        )
        return recipe_of(
            "tabulate", None, [each(experiment, v, s, arm) for v in variants for s in names]
        )
    if (analysis := JOINED.get(f"{experiment}_{table}")) is None:
        own = next(a for a in ANALYSES if a.experiment == experiment and table in a.tables)
        return analysis_recipe(experiment, own.name, arm=arm)
    variants = analysis.variants if analysis.kind.declared["scope"] == "run" else [None]
    parts = [analysis_recipe(experiment, analysis.name, v, s, arm) for v in variants for s in names]
    return recipe_of("tabulate", None, parts)


@functools.cache
def ledger_recipe(name, arm):
    """What the ledger of a list of claims is made by; the tables of another arm are as they are."""
    files = evidence(CLAIMS[name], config, ANALYSES, arm, PREFIX)
    if arm == ARMS[0]:
        made_from = [recipe_of_table(Path(file).stem) for file in files]
    else:
        made_from = [recipes.of(PREFIX + file) for file in files]
    rules = content_of(config["claims"][name]["file"])
    return recipe_of("claims", [rules, left_out_of(name, arm)], made_from)


@functools.cache
def recipe_of_table(name, arm=ARMS[0]):
    """What a file of results/tables is made by: of an experiment, or of a list of claims."""
    for key in CLAIMS:
        for decided in DECIDED[key]:
            if name in (f"{key}_{decided}", f"{key}_parts_{decided}"):
                return ledger_recipe(key, decided)
    names = [e for e in config["experiments"] if name.startswith(f"{e}_")]
    for experiment in sorted(names, key=len, reverse=True):
        table = name.removeprefix(f"{experiment}_")
        if table in tables_of(experiment, ANALYSES):
            return table_recipe(experiment, table, arm)


@functools.cache
def figure_recipe(name):
    """What a figure is made by."""
    figure = FIGURES[name]
    look = [style(config, figure, experiments_on(name)), figure.caption]
    return recipe_of("figure", look, map(recipe_of_table, figure.tables), figure.kind)


def shown_by(page):
    """The recipes of what a page shows, by file."""
    tables = [f"{experiment}_metrics" for experiment in experiments_on(page)]
    tables += [Path(ledger).stem for ledger in ledgers(lists_on(page))]
    found = {f"results/tables/{name}.csv": recipe_of_table(name) for name in tables}
    for arm in ARMS[1:]:
        for name in lists_on(page):
            files = evidence(CLAIMS[name], config, ANALYSES, arm, PREFIX)
            found |= {file: recipe_of_table(Path(file).stem, arm) for file in files}
    return found | {f"results/fig_{name}.png": figure_recipe(name) for name in figures_on(page)}


@functools.cache
def page_recipe(page):
    """What a page is made by."""
    rules = [config["claims"][name]["file"] for name in lists_on(page)]
    shown = [ROOT / "workflow/report/page.html.j2", ROOT / "workflow/report/answer.yaml", *rules]
    said = [sections_on(page), titles_on(page), content_of(*shown), command_line(page)]
    return recipe_of("page", said, [shown_by(page), *content_of(ROOT / "published/manifest.json")])


@functools.cache
def published_recipe(script, *names):
    """What a file of the published tables is made by, all of what the manifest names."""
    said, kind, made_from = names, None, content_of(ROOT / "published/manifest.json")
    if script == "figure":
        figure = published_figure(names[0])
        said, kind = [published_style(names[0]), figure.caption], figure.kind
        if figure.experiment is None:
            made_from.append(published_recipe("claims", names[0], ARMS[0]))
    elif script == "claims":
        file = ROOT / published_build()[0]["claims"][names[0]]["file"]
        said = [names, content_of(file), published_left_out(*names)]
    elif script == "page":
        files = [ROOT / published_build()[0]["claims"][name]["file"] for name in published_lists()]
        files += [ROOT / "workflow/report/page.html.j2", ROOT / "workflow/report/answer.yaml"]
        said = [published_sections(), published_titles(), content_of(*files)]
        made_from += [published_recipe("figure", name) for name in published_build()[2]]
        made_from += [
            published_recipe("claims", name, arm)
            for name in published_lists()
            for arm in PUBLISHED_ARMS
        ]
    return recipe_of(script, said, made_from, kind)
