"""The page's code as one script, made of the modules in `source/`.

The modules use a small part of what modules can do, so that putting them together takes no tool: they import names
from their neighbours with `import { a, b } from "./c.mjs";`, no name is renamed, and no two modules give one name to
different things. A test holds them to it.
"""

import re
from functools import cache
from importlib.resources import files

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.mjs)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_COMMENT_LINE = re.compile(r"^\s*//.*\n", re.MULTILINE)
_INDENT = re.compile(r"^ +|\n(?=\n)", re.MULTILINE)


def read_source(name: str) -> str:
    """A file of `source/`."""
    return (files("emulator.view.page") / "source" / name).read_text(encoding="utf-8")


@cache
def bundle(*mains: str) -> str:
    """The script of these modules and of all that they import, without comments and indentation."""
    parts = [
        _INDENT.sub("", _COMMENT_LINE.sub("", _EXPORT.sub("", _IMPORT.sub("", read_source(name)))))
        for name in modules(*mains)
    ]
    return '(() => {\n"use strict";\n' + "".join(parts) + "})();\n"


def modules(*mains: str) -> list[str]:
    """The names of these modules and of all that they import: what a module imports comes before it."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        for imported in _IMPORT.findall(read_source(name)):
            visit(imported)
        found[name] = None

    for main in mains:
        visit(main)
    return list(found)
