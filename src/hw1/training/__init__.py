"""The loop, what it keeps, and the networks that come out of it."""
