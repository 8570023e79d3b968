"""Files: written whole or not at all, checked when they are read, and what was published."""
