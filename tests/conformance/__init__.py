"""What every engine has to show: promises, judged from the outputs and the events of real runs.

`engines.py` has the table of engines, `swarms.py` the swarms that they run, `promises.py` the promises. The checker
judges the messages of each run; the promises are about what messages do not show.
"""
