"""What the keys under `of` of a claim are: the annotations of the statistics.

The workflow reads them without importing a statistic. Before anything is trained, it refuses a
claim that does not fit what will be built (hw1.settings.claim_lists). An annotation says what an
experiment must have: Annotated[Experiment, "one variant", "lines", "history.test_loss"] has one
variant, a table `lines`, and a history with a column `test_loss`. Other words are "several
variants", "labels", "a row per epoch", "every epoch" or "a row per iteration" of the history, "no
stop" before the last epoch, and "epoch 0".
"""

from typing import Literal

Experiment = str  # its tables begin with its name
Variant = str  # of the experiment, or of the table's experiment
Variants = list[str]
Line = str  # a name in place of a variant, in the first table that the experiment must have
Table = str  # of an experiment, with its name
Column = str  # of the table
Recorded = str  # column of the history that the training records
Split = Literal["train", "test"]
Score = Literal["loss", "accuracy"]
