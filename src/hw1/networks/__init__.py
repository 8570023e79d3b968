"""Networks: their layers, many of one shape as a stack, their weights as arrays."""
