# What a job asks for: memory, time, a place in the queue.


def growing(first, wildcards, attempt):
    """A request that grows with each attempt."""
    return first * attempt


def expected_seconds(wildcards):
    """A rough estimate of the time that a batch trains."""
    return 1 + round(training_seconds(batch(wildcards)) * len(seeds_of(wildcards.seeds)))


def longest_first(wildcards):
    """The priority of a training, so that no long one is left alone at the end."""
    TRAININGS["/".join(wildcards)] = seconds = expected_seconds(wildcards)
    return seconds


def memory(wildcards, attempt):
    """The memory in MiB that a batch needs."""
    return peak_memory(batch(wildcards), len(seeds_of(wildcards.seeds))) * attempt


def time_limit(wildcards, attempt):
    """Minutes after which a cluster may stop a training, which then resumes on the next try."""
    return (20 + expected_seconds(wildcards) // 8) * attempt
