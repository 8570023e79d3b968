# From the files of single runs to tables.


rule tabulate:
    input:
        script=f"{SCRIPTS}/tabulate.py",
        code=modules("tabulate"),
        tables=tabulated,
    output:
        "results/tables/{experiment}_{kind}.csv",
    log:
        "results/logs/tabulate/{experiment}_{kind}.log",
    benchmark:
        "results/benchmarks/tabulate/{experiment}_{kind}.tsv"
    wildcard_constraints:
        kind="history|metrics|lines",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        code=digest("tabulate"),
    shell:
        "python {input.script:q} --tables {input.tables} --output {output} > {log} 2>&1"


rule interpolate:
    input:
        script=f"{SCRIPTS}/interpolate.py",
        code=modules("interpolate"),
        start=partial(line_end, 0),
        end=partial(line_end, 1),
        data=lambda wildcards: data_of(all_runs(config, wildcards.experiment)[0]),
    output:
        "results/lines/{experiment}/seed{seed}.csv",
    log:
        "results/logs/interpolate/{experiment}/seed{seed}.log",
    benchmark:
        "results/benchmarks/interpolate/{experiment}/seed{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=partial(growing, 2000),
        runtime=partial(growing, 60),
        device=config["device"],
    params:
        code=digest("interpolate"),
        alphas=lambda wildcards: json.dumps(
            alpha_grid(config["experiments"][wildcards.experiment]["alphas"])
        ),
    shell:
        "python {input.script:q} --start {input.start} --end {input.end} "
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
        data=lambda wildcards: f"results/data/{wildcards.dataset}.npz",
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
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
        device=config["device"],
    params:
        code=digest("predict"),
    shell:
        "python {input.script:q} --checkpoints {input.checkpoints} --data {input.data} "
        "--device {resources.device} --output {output} > {log} 2>&1"


rule pca:
    input:
        script=f"{SCRIPTS}/pca.py",
        code=modules("pca"),
        weights=lambda wildcards: files_of("trajectory", "weights", "npz"),
    output:
        coordinates="results/tables/pca_{view}.csv",
        variance="results/tables/pca_{view}_variance.csv",
        distances="results/tables/pca_{view}_distances.csv",
    log:
        "results/logs/pca/{view}.log",
    benchmark:
        "results/benchmarks/pca/{view}.tsv"
    wildcard_constraints:
        view="layer1|model",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=partial(growing, 1000),
        runtime=partial(growing, 10),
    params:
        code=digest("pca"),
    shell:
        "python {input.script:q} --weights {input.weights} --view {wildcards.view} "
        "--coordinates {output.coordinates} --variance {output.variance} "
        "--distances {output.distances} > {log} 2>&1"
