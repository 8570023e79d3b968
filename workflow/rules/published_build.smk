# What is published, and what follows from it: the configuration it is of, its figures and tables.

from hw1 import published
from hw1.batches import seed_list
from hw1_workflow.validation import did_you_mean

PUBLISHED = here(ROOT / "published")
try:
    HELD = published.manifest(ROOT / "published")["arms"]
except ValueError as error:
    sys.exit(str(error))
PUBLISHED_ARMS = [arm for arm in ARMS if arm in HELD]


@functools.cache
def published_build():
    """The published configuration, its analyses and its figures by name."""
    files = {"config.yaml": load(ROOT / "config.yaml", "config.yaml")}
    base = settings_of_files(files)
    held = HELD.get(ARMS[0], {})
    base["experiments"] = {
        name: as_published(base, entry, held[name])
        for name, entry in base["experiments"].items()
        if name in held
    }
    if not base["experiments"]:
        sys.exit("published: none of the experiments of config.yaml is published: see make publish")
    done, drawn, _ = read(base)
    return base, done, {f.name: f for f in drawn if f.experiment or f.name in published_lists()}


@functools.cache
def published_lists():
    """The experiments that each list of claims of config.yaml names, of the lists of which some are
    published."""
    lists = settings_of_files({"config.yaml": load(ROOT / "config.yaml", "config.yaml")})["claims"]
    named = {name: about(parsed(entry["file"])) for name, entry in lists.items()}
    return {name: found for name, found in named.items() if found & set(HELD.get(ARMS[0], {}))}


def as_published(base, entry, about):
    """An experiment with the seeds and settings that were published, whatever config.yaml says now."""
    # Nothing is trained of it, so it need not be known what a training started from.
    own = [key for key in OF_A_RUN if key != "start"]
    variants = {
        variant: {key: settings[key] for key in own if key in settings}
        | {"dataset": dataset_named(base, settings["dataset"])}
        for variant, settings in about["settings"].items()
    }
    kept = {key: entry[key] for key in entry if key not in OF_A_RUN}
    return kept | {"seeds": about["seeds"], "variants": variants}


def dataset_named(base, settings):
    """The name of the data set with some settings, which is added where there is none."""
    for name, dataset in base["datasets"].items():
        if settings == {k: v for k, v in dataset.items() if k not in ("title", "file")}:
            return name
    name = f"published_{settings['kind']}"
    base["datasets"][name] = settings | {"title": settings["kind"]}
    return name


def published_figure(name):
    """A figure of the published tables."""
    figures = published_build()[2]
    if name not in figures:
        sys.exit(f"fig_{name}: no such figure is published: {did_you_mean(name, figures)}")
    return figures[name]


def published_style(name):
    """How a figure of the published tables looks."""
    return style(published_build()[0], published_figure(name), published_lists().get(name))


def published_left_out(name, arm):
    """The claims of a list that the published tables of an arm do not decide; what a build leaves
    out is no matter of theirs."""
    return left_out(parsed(published_build()[0]["claims"][name]["file"]), {}, deciding(arm))


@functools.cache
def deciding(arm):
    """The published experiments of an arm that decide claims: of seeds that were looked at when the
    rules were written (docs/decisions.md) nothing is decided."""
    said = parsed("presets/replication.yaml")["experiments"]
    first = {name: min(seed_list(entry["seeds"])) for name, entry in said.items()}
    return [
        name
        for name, held in HELD[arm].items()
        if name in first and min(held["seeds"]) >= first[name]
    ]


def published_titles():
    """The titles of the lists of claims on the page of the published tables, as titles_on has them."""
    reason = "its published seeds were looked at when its rule was written"
    return {
        name: [
            published_build()[0]["claims"][name]["title"],
            dict.fromkeys(published_left_out(name, ARMS[0]), reason),
        ]
        for name in published_lists()
    }


@functools.cache
def published_sections():
    """What the page of the published tables says of the settings of its experiments."""
    base, _, drawn = published_build()
    coded = merged(base, parsed("presets/as_coded.yaml"))
    claimed = set().union(*published_lists().values())
    return sections(base, list(base["experiments"]), coded, list(drawn.values()), claimed)


def published_tables(arm):
    """The published tables of an arm."""
    return [here(path) for path in sorted((ROOT / "published" / arm).glob("*.csv.xz"))]


def published_ledgers(lists, arms=(ARMS[0],), middle=""):
    """The ledgers of the published tables, of lists of claims, where some of what they are about is
    published."""
    return [
        f"results/published/tables/{name}{middle}_{arm}.csv"
        for name in lists
        for arm in arms
        if published_lists().get(name, set()) & set(HELD.get(arm, {}))
    ]


def compared(arm):
    """The experiments of this build that are compared with the published ones of an arm, and why one
    is not, if it is not: those that have tables, or all where none has. One that was only built in
    part shall not be trained for it."""
    place = f"{PREFIX}results/tables" if arm == ARMS[0] else f"{PREFIX}{arm}/results/tables"
    settings = config if arm == ARMS[0] else AS_CODED
    names = [e for e in config["experiments"] if Path(f"{place}/{e}_metrics.csv").exists()]
    if not names and arm == ARMS[0]:
        names = list(config["experiments"])
    return {name: other_than_published(settings, name, HELD[arm].get(name)) for name in names}


def other_than_published(settings, experiment, about):
    """How the settings of an experiment differ from the published ones; empty where they do not."""
    if about is None:
        return "it is not published"
    for variant in settings["experiments"][experiment]["variants"]:
        if variant not in about["settings"]:
            return f"{variant} is not published"
        own = dict(leaves(batch_settings(settings, experiment, variant)))
        theirs = dict(leaves(about["settings"][variant]))
        for key in sorted(own.keys() | theirs.keys()):
            if own.get(key) != theirs.get(key):
                return f"{key} of {variant} is {own.get(key)}, published is {theirs.get(key)}"
    return ""


def tables_compared(place, arm, ending=".csv"):
    """The tables of the experiments that are compared, of this build or the published ones: what
    claims rest on, as far as both have it. Another arm is not built for it."""
    names = [name for name, reason in compared(arm).items() if not reason]
    of_claims = {
        os.path.basename(path)
        for key in CLAIMS
        for path in evidence(CLAIMS[key], config, ANALYSES, ARMS[0])
    }
    tables = [
        f"{e}_{t}"
        for e in names
        for t in tables_of(e, ANALYSES)
        if f"{e}_{t}.csv" in of_claims or t == "metrics"
    ]
    return [
        f"{place}/{table}{ending}"
        for table in tables
        if (ROOT / "published" / arm / f"{table}.csv.xz").exists()
        and (arm == ARMS[0] or Path(f"{PREFIX}{arm}/results/tables/{table}.csv").exists())
    ]
