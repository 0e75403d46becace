"""The export for Perfetto."""
