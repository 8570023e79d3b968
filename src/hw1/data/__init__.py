"""Data sets, and the inputs that a run sees of them."""
