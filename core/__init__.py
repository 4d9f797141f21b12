"""Floor 1: settings, database, row scope, jobs, audit, errors and clock. Imports no other floor."""
