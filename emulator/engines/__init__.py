"""Who carries the messages. Each engine is a folder and imports no other; what they share is here and in `workers/`."""
