"""Showing a page on this machine while a run is going on: another process reads the trace that the run writes."""
