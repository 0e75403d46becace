"""The page's modules: what putting them together relies on."""

import re
import shutil
import subprocess
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from emulator.view.page.bundle import bundle, modules, read_source

SOURCE = files("emulator.view.page") / "source"
NAMES = sorted(path.name for path in SOURCE.iterdir() if path.name.endswith(".mjs"))
PAGES = [("small.mjs", "zones.mjs", "main.mjs"), ("large.mjs", "zones.mjs", "live.mjs"), ("compare.mjs",)]
DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+|\[[\w, ]+\])", re.MULTILINE)
IMPORTED = re.compile(r'^import \{([^}]*)\} from "\./(\w+\.mjs)";$', re.MULTILINE)


def declared(name: str) -> list[str]:
    return [word for names in DECLARED.findall(read_source(name)) for word in re.findall(r"\w+", names)]


@pytest.mark.parametrize("mains", PAGES)
def test_no_name_means_two_things_in_a_page(mains: tuple[str, ...]) -> None:
    counts = Counter(word for name in modules(*mains) for word in declared(name))
    assert [word for word, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_a_module_imports_is_exported_where_it_says(name: str) -> None:
    text = read_source(name)
    assert len(IMPORTED.findall(text)) == len(re.findall(r"^import ", text, re.MULTILINE))
    for words, source in IMPORTED.findall(text):
        for word in re.findall(r"\w+", words):
            assert re.search(rf"^export .*\b{word}\b", read_source(source), re.MULTILINE), f"{word} of {source}"
            assert len(re.findall(rf"\b{word}\b", text)) > 1, f"{word} is imported and not used"


def test_every_module_is_part_of_a_page() -> None:
    assert {name for mains in PAGES for name in modules(*mains)} == set(NAMES)


def test_what_is_imported_comes_first() -> None:
    order = modules("small.mjs", "main.mjs")
    for at, name in enumerate(order):
        assert all(source in order[:at] for _, source in IMPORTED.findall(read_source(name))), name


@pytest.mark.skipif(shutil.which("node") is None, reason="node looks whether the script is one, and there is none")
@pytest.mark.parametrize("mains", PAGES)
def test_the_bundle_is_a_script(tmp_path: Path, mains: tuple[str, ...]) -> None:
    script = tmp_path / "page.js"
    script.write_text(bundle(*mains), encoding="utf-8")
    done = subprocess.run(["node", "--check", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "import " not in bundle(*mains).split("function")[0]
