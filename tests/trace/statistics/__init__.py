"""The fold over records, and its figures."""
