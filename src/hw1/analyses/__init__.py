"""What is done to trained networks: each file beside this one is a kind of analysis.

It declares itself in `KIND`, which is read without importing the file, so it holds plain values:

    scope      what one job sees: `experiment`, all runs of an entry; `seeds`, a batch of seeds of
               all its variants; `run`, a batch of seeds of one variant
    data       whether it needs the data set of the runs, too
    tables     the columns of each table that it makes, by the end of the table's name after that of
               the analysis; "" for the table that has the analysis's name
    settings   what an entry says besides `kind` and `variants`: JSON Schema by key; all are needed
    needs      what it asks of its settings and of the runs that it sees, by functions of
               `hw1.settings.requirements` or of a file requirements.py at the top of an extension;
               they are called before any job, so that file imports nothing slow

The last two may be left out. The function

    analyse(runs, settings, data) -> {table: rows}

takes a list of `hw1.networks.weights.Snapshots`, variant by variant, the settings of the entry, and
`hw1.data.inputs.Data` or None. A table of scope `seeds` or `run` begins with the columns
experiment, variant and seed, since the tables of all jobs are joined.
"""
