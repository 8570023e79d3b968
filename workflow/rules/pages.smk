# What the pages and the ledgers of claims show.


def evidence_of(wildcards):
    """The tables from which a list of claims is decided."""
    return evidence(CLAIMS[wildcards.claims], config, ANALYSES, wildcards.arm, PREFIX)


def left_out_of(name, arm):
    """The claims of a list that are not decided for an arm."""
    files = evidence(CLAIMS[name], config, ANALYSES, arm, PREFIX)
    built = {Path(file).stem.removesuffix("_metrics") for file in files}
    return left_out(CLAIMS[name], config["claims"][name], built)


def ledgers(lists, middle=""):
    """The tables of lists of claims, of all arms."""
    return [f"results/tables/{name}{middle}_{arm}.csv" for name in lists for arm in DECIDED[name]]


def lists_on(page):
    """The lists of claims on a page: that of its name, or all."""
    return [page] if page in CLAIMS else list(CLAIMS)


def experiments_on(page):
    """The experiments on a page: those that its list is about, or all."""
    if page not in CLAIMS:
        return list(config["experiments"])
    return [name for name in config["experiments"] if name in about(CLAIMS[page])]


def figures_on(page):
    """The figures on a page."""
    shown = (*experiments_on(page), None)
    lists = lists_on(page)
    return [
        f.name
        for f in FIGURES.values()
        if f.experiment in shown and (f.experiment or f.name in lists)
    ]


def titles_on(page):
    """The titles of the lists of claims on a page, and what is left out of them, by name."""
    entries = {name: config["claims"][name] for name in lists_on(page)}
    return {name: [entry["title"], entry.get("leave_out", {})] for name, entry in entries.items()}


def sections_on(page):
    """What a page says of the settings of its experiments."""
    claimed = set().union(*map(about, CLAIMS.values()))
    return sections(config, experiments_on(page), AS_CODED, list(FIGURES.values()), claimed)


def outcome_of(ledger):
    """What became of the claims of a ledger, in a line."""
    with open(ledger, encoding="utf-8", newline="") as file:
        return outcome(row["verdict"] for row in csv.DictReader(file))


def help_text():
    """All targets, a line each."""
    entries = [config["claims"][name] for name in CLAIMS]
    lists = {entry["target"]: entry["title"] for entry in entries if "target" in entry}
    lines = {
        "all": "everything (what snakemake builds without a target)",
        "results/index.html": "the page, with all it shows",
        **lists,
        "published": "ledger, figures and page of the published tables, without any training",
        "compare": "does this build agree with the published tables?",
        "status": "what is done, running and waiting, also while a build runs",
        "verify": "are the results as they were written?",
    }
    for name, experiment in config["experiments"].items():
        lines[name] = experiment["title"]
        own = [figure for figure in FIGURES.values() if figure.experiment == name]
        lines |= {f"  fig_{figure.name}": figure.caption for figure in own}
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {line}" for name, line in lines.items())


def command_line(page):
    """What makes this build again, from the folder of the repository."""
    if MODULE:
        return f"as a module of {os.path.relpath(workflow.main_snakefile)}"
    place = os.path.relpath(os.getcwd(), ROOT)
    directory = ["--directory", place] if place != "." else []
    paths = [os.path.relpath(path, ROOT) for path in overlays]
    target = [f"results/{page}.html"] * (page in CLAIMS)
    files = ["--configfile", *paths] if paths else []
    return shlex.join(["snakemake", *target, *directory, *files])
