"""The training loop, its records and checkpoints, and the trained networks."""
