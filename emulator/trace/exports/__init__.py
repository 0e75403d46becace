"""A trace, for the programs of others: what can be written, and which module here writes it."""

EXPORTS = {"perfetto": "perfetto.export", "shiviz": "shiviz", "csv": "table"}
"""The name of each format, with its module: one function `export`, from an open trace to pieces of the output."""
