"""The protocol, written once: plain blocking code over the ports of `node.py`.

Read `tracker.py`, `client.py`, `download.py` and `upload.py` beside the numbered steps
(P1 … P4, D1 … D8, U1 … U5, T1 … T9); `messages.py` says what travels between them.
"""
