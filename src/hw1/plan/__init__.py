"""What follows from a configuration, made without Snakemake."""
