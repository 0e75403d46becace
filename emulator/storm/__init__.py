"""Swarms under random faults, one after the other, each held to every rule: looking for the run that breaks one."""
