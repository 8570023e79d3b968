"""From tables to verdicts. Tables are read with care (`reading`) and give a value for each seed
(`sample`, `statistics`). The values decide the claims (`decisions`). The ledger puts the verdicts
into words (`ledger`)."""
