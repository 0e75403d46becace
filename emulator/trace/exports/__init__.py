"""Traces in the formats of other programs."""

EXPORTS = {"perfetto": "perfetto.export", "shiviz": "shiviz", "csv": "table"}
"""The module of each format. Its function `export` turns an open trace into pieces of the output."""
