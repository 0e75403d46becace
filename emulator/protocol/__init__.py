"""The protocol, written once: plain blocking code over the ports of `node.py`.

Read these four files beside the numbered steps; each meets its steps once, in order:

- `client.py`: P1 … P4
- `download.py`: D1 … D8
- `upload.py`: U1 … U5
- `tracker.py`: T1 … T9

`messages.py` says what travels between them, `questions.py` asks, and `round.py` is what a strategy sees of D3 to D6.
What lies beyond the steps (deaths, late arrivals, clients that get nothing, extensions) is in `beyond/`.
"""
