"""The page: a run, or a comparison, as one HTML file for any browser. `docs/report.md` says what it shows.

`encoder.py` turns a trace into compact columns, `document.py` puts them into one file together with the page's own
code, which is in `source/`: readable ES modules, a style sheet, and the HTML around them.
"""
