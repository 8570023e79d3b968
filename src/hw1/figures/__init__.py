"""The figures: each file beside this one draws a kind of figure.

It declares itself in `KIND`, which is read without importing the file, so it holds plain values:

    tables     the tables of the experiment that it draws, unless an entry names others
    beside     a table of another experiment that an entry may ask it to draw after its own, if any
    colours    what it colours besides variants: keys of figures.colours in the configuration
    look       other keys of `figures` in the configuration that it uses
    by_variant settings of the variants that it draws by, as "training.batch_size"
    settings   what an entry says besides `draw`, `tables`, `variants`, `beside`, `caption`,
               `claims`, `colours`: JSON Schema by key; all are needed
    needs      what it asks of its settings and of the runs that it shows (see hw1.analyses)

All but the tables may be left out. It has

    draw(style, *tables) -> Figure

and may have

    finding(style, *tables) -> str

which takes the same tables and returns a sentence or two, of about 220 characters, on what the
figure shows: numbers of the tables, in words that hold for any numbers (`hw1.results.wording` has
some). Those who do not see the figure are told this, and its caption begins with it.

`style` holds dpi, dataset (the titles of all), datasets (its name by variant, for the variants that
the figure shows; rows of others are left out of the tables), choices (by variant that has some,
that of each part), by_variant (by declared setting and variant, its value), colours by name, and
the settings of the entry. If it draws a variant of another experiment, it also holds beside:
experiment, variant, title, dataset; the last table then has the rows of that variant. If a table
holds several seeds, a line is their median and a band goes from their minimum to their maximum; the
figure says so, and names the data set.
"""
