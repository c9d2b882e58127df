"""The files of a source tree, and what CMake says about them."""

from __future__ import annotations

import functools
import json
import os
import re
from pathlib import Path

CODE = (".cpp", ".hpp", ".h", ".inc", ".def")
# Not ours to check: built things, data, and trees whose faults are planted.
SKIPPED = {"build", ".git", ".cache", "__pycache__"}
PLANTED = ("tests/tidy/planted", "tests/tidy/expected", "tests/tidy/layers", "tests/data")


class Skip(Exception):
    """The check cannot run here; its text says why."""


class Tree:
    def __init__(self, root: Path, build: Path | None = None):
        self.root = root.resolve()
        self.build = build

    @functools.cached_property
    def files(self) -> list[str]:
        """All files, relative to the root, sorted."""
        found = []
        for folder, folders, names in os.walk(self.root):
            here = os.path.relpath(folder, self.root)
            prefix = "" if here == "." else here + "/"
            folders[:] = sorted(f for f in folders if f not in SKIPPED and not (prefix + f).startswith(PLANTED))
            found += [prefix + name for name in sorted(names)]
        return found

    def code(self, *folders: str) -> list[str]:
        """C++ files under the folders."""
        return [f for f in self.files if f.endswith(CODE) and f.startswith(tuple(folder + "/" for folder in folders))]

    @functools.cache
    def text(self, file: str) -> str:
        return (self.root / file).read_text(errors="replace")

    @functools.cache
    def bare(self, file: str) -> str:
        """The text with comments and what strings hold blanked, so that what remains is code; lines stay where they were."""
        return blank(self.text(file))

    @functools.cached_property
    def house(self) -> dict:
        """What tests/tidy/CMakeLists.txt wrote about the layers: name -> {dir, headers, depends}."""
        where = self.build / "house.json" if self.build else self.root / "house.json"
        return json.loads(where.read_text())

    @functools.cached_property
    def compiled(self) -> set[str]:
        """Sources of all targets, relative to the root."""
        where = self.build / "compile_commands.json" if self.build else self.root / "compiled.json"
        paths = {Path(command["file"]) for command in json.loads(where.read_text())}
        return {os.path.relpath(path, self.root) if path.is_absolute() else str(path) for path in paths}


_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\\s]*)\(.*?\)(?P=mark)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'""",
    re.DOTALL,
)


def blank(text: str) -> str:
    def spaces(match: re.Match[str]) -> str:
        whole = match.group()
        if whole.startswith("/"):
            return re.sub(r"[^\n]", " ", whole)
        return whole[0] + re.sub(r"[^\n]", " ", whole[1:-1]) + whole[-1]

    return _TOKEN.sub(spaces, text)


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def includes(text: str) -> list[tuple[int, str, bool]]:
    """(line, path, quoted) of every #include."""
    return [
        (line_of(text, m.start()), m.group(2), m.group(1) == '"')
        for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', text, re.MULTILINE)
    ]
