"""What the keys of a claim are that stand under `of`: the annotations of the statistics.

The workflow reads them without importing a statistic, and refuses a claim that does not fit what
will be built before anything is trained (hw1.settings.claim_lists). What an experiment has to have
stands beside it: Annotated[Experiment, "one variant", "lines", "history.test_loss"] is one of one
variant, with a table `lines`, and a history with a column `test_loss`. Others are "several
variants", "labels", "a row per epoch" or "iteration" of the history, and snapshots of "epoch 0".
"""

from typing import Literal

Experiment = str  # its tables begin with its name
Variant = str  # of the experiment, or of that of the table
Variants = list[str]
Line = str  # what the first table that the experiment has to have says in place of a variant
Table = str  # of an experiment, with its name
Column = str  # of the table
Recorded = str  # column of the history that the training records
Split = Literal["train", "test"]
Score = Literal["loss", "accuracy"]
