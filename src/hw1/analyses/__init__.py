"""What is done to trained networks: each file beside this one is a kind of analysis.

It declares itself in `KIND`, which is read without importing the file, so it holds plain values:

    scope      what one job sees: `experiment`, all runs of an entry; `seeds`, a batch of seeds of
               all its variants; `run`, a batch of seeds of one variant
    data       whether it needs the data set of the runs, too
    tables     the columns of each table that it makes, by what the table's name ends with after
               that of the analysis; "" for the one that is called like it
    settings   what an entry says besides `kind` and `variants`: JSON Schema by key; all are needed
    needs      what it asks of the runs that it sees, by functions of `hw1.settings.requirements`

of which the last two may be left out. Where that does not say all that it asks, it has a function
`check(settings, runs, seeds)`, which raises ValueError where an entry cannot come to anything:
`runs` are the settings of one run per variant, `seeds` counts the seeds. It is called before any
job, on its own, without the rest of the file, so it imports what it needs itself, and nothing slow.

    analyse(runs, settings, data) -> {table: rows}

takes `hw1.networks.weights.Snapshots`s, variant by variant, the settings of the entry, and
`hw1.data.inputs.Data` or None. A table of scope `seeds` or `run` begins with the columns
experiment, variant and seed, since those of all jobs are joined.
"""
