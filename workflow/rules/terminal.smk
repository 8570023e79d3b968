# What a build does at its start and says at its end; as a module it leaves that to the other.

if not MODULE:

    # By default Snakemake starts 100 jobs per second at most, and for that looks for jobs once more
    # a second after each time that it has. Every job that ends starts such a chain, and none stops
    # while jobs are ready: a tenth of the processor time of a build of 94 short jobs (95 s, without
    # it 85). Cores, and that one job after the other is submitted, are limit enough; one that was
    # asked for stays.
    onstart:
        limiter = workflow.scheduler.job_rate_limiter
        if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
            workflow.scheduler.job_rate_limiter = None

    # The pages made since this was read, when OTHERWISE was written.
    onsuccess:
        for pages in (plan, published):
            MADE.extend(pages.made_since(os.path.getmtime(OTHERWISE)))
