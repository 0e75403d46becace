"""A trace, opened at any of its events, forwards and backwards. `view.replay` draws what is here."""
