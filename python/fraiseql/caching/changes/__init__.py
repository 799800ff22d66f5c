"""The change log: which transactions wrote which tables, and what a kept view has not seen."""
