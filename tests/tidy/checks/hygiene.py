"""Text is plain: UTF-8, one newline at the end, no trailing space, no tab, lines that fit, and nothing that only one machine
or one moment understands."""

from __future__ import annotations

import re
from typing import Iterable

from tree import CODE, Tree

TEXT = (*CODE, ".py", ".sh", ".cmake", ".md", ".json", ".txt", ".in", ".map", ".yml")
NAMED = ("dev", ".ci/run", ".clang-format", ".clang-tidy", ".gitignore", "LICENSE")
LONGEST_LINE = 130
# Prose wraps by itself; data, the licence and the sentences that stories are made of are as they are.
ANY_LENGTH = (".md", ".json", "LICENSE")
ANY_LENGTH_IN = ("models/story/",)
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:home|root|Users|work|mnt|media)/\w")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def check(tree: Tree) -> Iterable[str]:
    for file in tree.files:
        if not file.endswith(TEXT) and file not in NAMED:
            continue
        try:
            text = (tree.root / file).read_bytes().decode()
        except UnicodeDecodeError as error:
            yield f"{file}:1: is not UTF-8 at byte {error.start}"
            continue
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{file}:{text.count(chr(10))}: does not end with one newline"
        for number, line in enumerate(text.split("\n"), 1):
            for problem in problems_of(file, line):
                yield f"{file}:{number}: {problem}"


def problems_of(file: str, line: str) -> Iterable[str]:
    if line != line.rstrip():
        yield "ends with a space or a carriage return"
    if "\t" in line:
        yield "holds a tab"
    if len(line) > LONGEST_LINE and not file.endswith(ANY_LENGTH) and not file.startswith(ANY_LENGTH_IN):
        yield f"is {len(line)} characters long, at most {LONGEST_LINE} fit"
    if file == "tests/tidy/checks/hygiene.py":
        return
    if found := MACHINE_PATH.search(line):
        yield f"names a folder of one machine ('{found.group()}...')"
    if found := UNFINISHED.search(line):
        yield f"says '{found.group()}': finish it, or file an issue"
