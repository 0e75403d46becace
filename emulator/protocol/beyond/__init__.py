"""What lies beyond the numbered steps. Each file adds one thing; the step files call it by name, or do not know of it.

| file                       | what it adds                                                                       |
|----------------------------|------------------------------------------------------------------------------------|
| `pursuit.py`               | D3 when rounds get nothing: rest, ask the tracker for help, or give the file up    |
| `patience.py`              | how many rounds may get nothing, and how long to pause after each                  |
| `trust.py`                 | which seeds and holders have let the client down                                   |
| `presence.py`, `resume.py` | clients that arrive late, depart, or find segments of an earlier run on their disk |
| `uploader.py`              | the upload thread: requests for holdings, and ranks that die                       |
| `tracker.py`, `stuck.py`   | the tracker: clients that die, return, depart or get stuck                         |

`protocol/questions.py` numbers all questions, and `protocol/round.py` ends with the extensions that strategies call.
"""
