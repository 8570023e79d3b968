"""The figures: each file beside this one draws a kind of figure.

It declares itself in `KIND`, which is read without importing the file, so it holds plain values:

    tables     the tables of the experiment that it draws, unless an entry names others
    beside     a table of another experiment that an entry may have it draw, after its own, if any
    colours    what it colours besides variants: keys of figures.colours in the configuration
    look       other keys of `figures` in the configuration that it uses
    settings   what an entry says besides `draw`, `tables`, `variants`, `beside`, `caption`,
               `claims`, `colours`: JSON Schema by key; all are needed
    needs      what it asks of the runs that it shows, by functions of `hw1.settings.requirements`

of which all but the tables may be left out. It may have a function `check(settings, runs, seeds)`
as an analysis has (see hw1.analyses), with the run beside as settings["beside"], and has

    draw(style, *tables) -> Figure

and may have, of the same tables,

    finding(style, *tables) -> str

a sentence or two, of about 220 characters, on what the figure shows: numbers of the tables, in
words that hold whatever these are (`hw1.results.wording` has some). It is what those who do not see
the figure are told, and its caption begins with it.

`style` holds dpi, dataset (the titles of all), datasets (its name by variant, for the variants that
the figure shows; rows of others are left out of the tables), colours by name, and the settings of
the entry; and where it draws a variant of another experiment, beside: experiment, variant, title,
dataset. The last table has the rows of that variant. Where a table holds several seeds, a line is
their median and a band goes from their minimum to their maximum; the figure says so, and names the
data set.
"""
