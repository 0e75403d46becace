"""The export for Perfetto and Chrome's tracing."""
