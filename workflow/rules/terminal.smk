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
        # With a limit of jobs per second Snakemake looks for jobs once more a second after each time
        # it has, and so, the longer a build, the more often: a seventh of the demo's processor
        # time. Here the cores are the limit, unless another one was asked for.
        limit = workflow.scheduling_settings.max_jobs_per_timespan
        if workflow.local_exec and (limit.max_jobs, limit.timespan) == (100, 1):
            workflow.scheduler.job_rate_limiter = None

    onsuccess:
        for job in workflow.dag.finished_jobs:
            if job.rule.name in ("page", "published_page"):
                for ledger in job.input.ledgers:
                    print(f"{ledger}: {outcome(ledger)}", file=sys.stderr)
                print(f"the page: {Path(str(job.output)).resolve()}", file=sys.stderr)
