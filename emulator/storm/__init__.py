"""Storms: many swarms with random faults, each checked against every rule, in search of a run that breaks one."""
