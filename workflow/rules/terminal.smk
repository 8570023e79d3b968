# The start and the end of a build; a module leaves both to the other workflow.

if not plan.outer:

    # By default Snakemake starts at most 100 jobs per second. To keep this limit, it looks for jobs
    # again a second after each look. Every job that ends starts such a chain of looks, and no chain
    # stops while jobs are ready. The chains take a tenth of the processor time of a build of 94
    # short jobs (95 s; 85 s without them). The cores limit the jobs enough, and jobs are submitted
    # one after another. A limit that the user asked for stays.
    onstart:
        limiter = workflow.scheduler.job_rate_limiter
        if limiter and (limiter.max_jobs, limiter.timespan) == (100, 1):
            workflow.scheduler.job_rate_limiter = None

    # The pages that this build has made: those later than the input of every job.
    onsuccess:
        for pages in (plan, published):
            MADE.extend(pages.made_since(os.path.getmtime(made_otherwise.file)))
