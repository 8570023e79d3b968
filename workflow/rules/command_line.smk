# What the command line asks for, once all rules are known; not in the jobs of a cluster, and a module
# has none.

if not MODULE and workflow.is_main_process and (options := parsed_options(sys.argv[1:])):
    known = [file for experiment in config["experiments"] for file in targets(experiment)]
    known += [f"results/fig_{name}.png" for name in FIGURES]
    known += ["results/index.html", *(f"results/{name}.html" for name in CLAIMS), *ledgers(CLAIMS)]
    kinds = ("targets", "forcerun", "until", "omit_from", "prioritize", "allowed_rules")
    names = {name for kind in kinds for name in getattr(options, kind) or ()}
    if "status" in names:  # now, since a build that runs has locked the folder
        print(status())
        sys.exit(0)
    rules = list(workflow.rules)
    variants = {name: entry["variants"] for name, entry in config["experiments"].items()}
    line = unknown_target(names, rules, list(dict.fromkeys(known)), variants)
    if line := line or unknown_rule(options, rules):
        sys.exit(line)
    if options.delete_all_output and not options.dryrun:
        names = {e: 0 for name in options.targets or ["all"] for e in experiments_of(name)}
        delete_kept(Path("results"), [*names, *(CLAIMS if len(names) == len(variants) else ())])
