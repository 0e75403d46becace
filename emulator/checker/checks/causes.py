"""Causes that several checks have to name: what is found often, and follows from a step that is missing."""

BEFORE_FIRST_SIGNAL = "it waits for the first signal (P3)"
BEFORE_SECOND_SIGNAL = "it waits for the second signal (D2)"
LEFT_OPEN = "it sends a close when it leaves an uploader (D4, D6)"
TOO_FEW_COUNTS = "it asks seeds for their connections first (D5)"
