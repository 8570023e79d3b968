# From the files of single runs to tables.


def tabulated(wildcards):
    """The tables of single runs (of seeds, for lines) that one table of an experiment joins."""
    if wildcards.kind != "lines":
        return files_of(wildcards.experiment, wildcards.kind, "csv")
    seeds = config["experiments"][wildcards.experiment]["seeds"]
    return [f"results/lines/{wildcards.experiment}/seed{seed}.csv" for seed in seeds]


rule tabulate:
    input:
        script=f"{SCRIPTS}/tabulate.py",
        code=modules("tabulate"),
        tables=tabulated,
    output:
        "results/tables/{experiment}_{kind}.csv",
    wildcard_constraints:
        kind="history|metrics|lines",
    log:
        "results/logs/tabulate/{experiment}_{kind}.log",
    benchmark:
        "results/benchmarks/tabulate/{experiment}_{kind}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "{PYTHON} {input.script:q} --tables {input.tables} --output {output} > {log} 2>&1"


def line_end(index):
    """An input function: the weights of the first or second variant of an interpolation."""

    def weights(wildcards):
        variant = list(config["experiments"][wildcards.experiment]["variants"])[index]
        return f"results/weights/{wildcards.experiment}/{variant}/seed{wildcards.seed}.npz"

    return weights


rule interpolate:
    input:
        script=f"{SCRIPTS}/interpolate.py",
        code=modules("interpolate"),
        start=line_end(0),
        end=line_end(1),
        data=lambda wildcards: data_of(all_runs(config, wildcards.experiment)[0]),
    output:
        "results/lines/{experiment}/seed{seed}.csv",
    params:
        alphas=lambda wildcards: json.dumps(
            alpha_grid(config["experiments"][wildcards.experiment]["alphas"])
        ),
    log:
        "results/logs/interpolate/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/interpolate/{experiment}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
        device=config["device"],
    shell:
        "{PYTHON} {input.script:q} --start {input.start} --end {input.end} "
        "--alphas {params.alphas:q} --data {input.data} --device {resources.device} "
        "--output {output} > {log} 2>&1"


rule predict:
    input:
        script=f"{SCRIPTS}/predict.py",
        code=modules("predict"),
        checkpoints=lambda wildcards: [
            f"results/checkpoints/{run}.pt"
            for run in all_runs(config, "function_fit")
            if dataset_name(config, run) == wildcards.dataset
        ],
        data=lambda wildcards: ancient(f"results/data/{wildcards.dataset}.npz"),
    output:
        "results/tables/{dataset}_predictions.csv",
    log:
        "results/logs/predict/{dataset}.log",
    benchmark:
        "results/benchmarks/predict/{dataset}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
        device=config["device"],
    shell:
        "{PYTHON} {input.script:q} --checkpoints {input.checkpoints} --data {input.data} "
        "--device {resources.device} --output {output} > {log} 2>&1"


rule pca:
    input:
        script=f"{SCRIPTS}/pca.py",
        code=modules("pca"),
        weights=files_of("trajectory", "weights", "npz"),
    output:
        coordinates="results/tables/pca_{view}.csv",
        variance="results/tables/pca_{view}_variance.csv",
    wildcard_constraints:
        view="layer1|model",
    log:
        "results/logs/pca/{view}.log",
    benchmark:
        "results/benchmarks/pca/{view}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    shell:
        "{PYTHON} {input.script:q} --weights {input.weights} --view {wildcards.view} "
        "--coordinates {output.coordinates} --variance {output.variance} > {log} 2>&1"
