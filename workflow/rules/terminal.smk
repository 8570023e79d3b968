# What a build does and says at its start and at its end; as a module it leaves that to the other.

if not MODULE:

    # The logger of the profiles counts by what is planned.
    onstart:
        reason = lambda job: str(workflow.dag.reason(job))
        planned = [
            job_of(job.rule.name, job.wildcards_dict, job.priority, job.log, reason(job))
            for job in workflow.dag.needrun_jobs()
        ]
        workers = workflow.cores if workflow.local_exec else workflow.nodes
        if any(job.rule not in TELLING for job in planned):
            logger.info(plan(planned, workers), extra={"planned": planned, "workers": workers})
        # By default Snakemake starts 100 jobs per second at most, and for that looks for jobs once more
        # a second after each time that it has. Every job that ends starts such a chain, and none
        # stops while jobs are ready: in the demo they took a fifth of a core. Cores, and that one job
        # after the other is submitted, are limit enough; one that was asked for stays.
        limiter = getattr(workflow.scheduler, "job_rate_limiter", None)
        if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
            workflow.scheduler.job_rate_limiter = None

    onsuccess:
        for job in workflow.dag.finished_jobs:
            if job.rule.name in ("page", "published_page"):
                for ledger in job.input.ledgers:
                    # What is said here fails no build: with --all-temp the ledgers are gone.
                    with suppress(Exception):
                        print(f"{ledger}: {outcome_of(ledger)}", file=sys.stderr)
                print(f"the page: {Path(str(job.output)).resolve()}", file=sys.stderr)
