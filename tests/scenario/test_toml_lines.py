"""The lines of the keys in a TOML text."""

from emulator.scenario.toml_lines import find_lines


def test_the_line_of_every_key_is_known_however_it_is_written() -> None:
    text = '''\
# a comment [x] = 1
a = [ # more of [ it
  "one # [", """two
three""", [1, 2],

  { b = 3 } ]
c.'d.e' = { f = 1, "g" = [1,
2]}
[h."i j"]
k = """
l = 4 ""\\"
"""
m = \'\'\'[n]\'\'\' # ]
[[o]]
p = 1
[[o]]
p = 1
[o.q]
r = 1
[[o.s]]
[[o.s]]
t = "\\\\"
'''
    lines = find_lines(text)
    assert lines.pop(("c", "d.e", "f")) == 7
    assert lines == {
        ("a",): 2,
        ("a", 0): 3,
        ("a", 1): 3,
        ("a", 2): 4,
        ("a", 3): 6,
        ("c",): 7,
        ("c", "d.e"): 7,
        ("c", "d.e", "g"): 7,
        ("h", "i j"): 9,
        ("h", "i j", "k"): 10,
        ("h", "i j", "m"): 13,
        ("o", 0): 14,
        ("o", 0, "p"): 15,
        ("o", 1): 16,
        ("o", 1, "p"): 17,
        ("o", 1, "q"): 18,
        ("o", 1, "q", "r"): 19,
        ("o", 1, "s", 0): 20,
        ("o", 1, "s", 1): 21,
        ("o", 1, "s", 1, "t"): 22,
    }
