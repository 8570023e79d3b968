"""From tables to verdicts: tables are read with care (`reading`), give a value for each seed
(`sample`, `statistics`), which decide the claims (`decisions`) that the ledger puts into words
(`ledger`)."""
