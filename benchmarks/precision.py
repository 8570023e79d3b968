"""Do bf16 and fp32 give the same science? The same runs in both, compared.

python benchmarks/precision.py FP32 BF16, two directories that hold results/, built by

    snakemake --configfile presets/replication.yaml ...
    snakemake --directory bf16 --configfile presets/bf16.yaml ...

For each variant and split: the difference bf16 - fp32 of final loss and accuracy, paired by seed,
beside the spread between seeds in fp32. The interval is Student's, at 95 %. Prints the table and
writes it to BF16/results/benchmarks/precision.csv. (training_speed.py measures the gain in speed.)
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from hw1.results import tables
from hw1.results.command import one_line_errors

RUN = ["experiment", "variant", "seed", "split"]


def final_metrics(results: Path) -> pd.DataFrame:
    """Loss and accuracy of each run and split in its last epoch."""
    files = sorted((results / "tables").glob("*_metrics.csv"))
    if not files:
        raise ValueError(
            f"{results}/tables: found no *_metrics.csv, expected those of a build: build something "
            "in that folder first (benchmarks/precision.py says how), or name another"
        )
    table = pd.concat(map(tables.read, files))
    last = table.groupby(RUN)["epoch"].transform("max")
    return table[table["epoch"] == last].set_index(RUN)[["loss", "accuracy"]]


def compare(fp32: pd.DataFrame, bf16: pd.DataFrame) -> pd.DataFrame:
    """One row per variant and split, over the seeds that both have."""
    both = fp32.add_suffix("_fp32").join(bf16.add_suffix("_bf16"), how="inner")
    if both.empty:
        raise ValueError("found no run that both have, expected the same seeds: build them in both")
    rows = []
    for (experiment, variant, split), runs in both.groupby(["experiment", "variant", "split"]):
        row = {"experiment": experiment, "variant": variant, "split": split, "seeds": len(runs)}
        for column, scale, unit in (("loss", 1, "nat"), ("accuracy", 100, "pp")):
            reference = scale * runs[f"{column}_fp32"]
            difference = scale * runs[f"{column}_bf16"] - reference
            error = difference.std(ddof=1) / np.sqrt(len(runs))
            half = error * stats.t.ppf(0.975, len(runs) - 1)
            row[f"{column}_fp32"] = reference.mean()
            row[f"{column}_seed_sd"] = reference.std(ddof=1)
            row[f"{column}_difference_{unit}"] = difference.mean()
            row[f"{column}_low"] = difference.mean() - half
            row[f"{column}_high"] = difference.mean() + half
        rows.append(row)
    return pd.DataFrame(rows)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fp32", type=Path)
    parser.add_argument("bf16", type=Path)
    args = parser.parse_args()
    table = compare(final_metrics(args.fp32 / "results"), final_metrics(args.bf16 / "results"))
    pd.set_option("display.width", 250)
    print(table.to_string(index=False, float_format="{:.4g}".format))
    output = args.bf16 / "results/benchmarks/precision.csv"
    output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(output, index=False)


if __name__ == "__main__":
    main()
