"""Deep and shallow networks: training, evaluation and analysis of the nine experiments."""
