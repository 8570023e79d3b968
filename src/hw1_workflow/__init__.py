"""What the workflow knows: its configuration, and the runs, files and code that follow from it.

A package, so that a workflow that has this one as a module may call its own modules as it likes.
"""
