"""Documents keep their word: links and their anchors lead somewhere, paths in backquotes exist, commands and their options are
there, and code that is said to come from a file is in it."""

from __future__ import annotations

import functools
import json
import posixpath
import re
import shlex
import subprocess
from typing import Iterable

from tree import Tree, line_of

TOP = ("apps", "backends", "bench", "cmake", "docs", "examples", "features", "include", "models", "src", "tests")
# Made by a command (./dev bench --write); a document may speak of it before it is there.
GENERATED = {"docs/benchmarks.md"}
# Programs of the system that a document may call.
COMMON = {"apt-get", "c++", "cat", "cd", "cmake", "ctest", "echo", "export", "g++", "git", "ninja", "pkg-config", "python3",
          "sudo"}


def check(tree: Tree) -> Iterable[str]:
    for file in tree.files:
        if file.endswith(".md"):
            text = tree.text(file)
            prose = re.sub(r"^```.*?^```", blank, text, flags=re.DOTALL | re.MULTILINE)
            yield from links(tree, file, prose)
            yield from paths(tree, file, prose)
            yield from commands(tree, file, text)
            yield from quotes(tree, file, text)


def blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


def links(tree: Tree, file: str, prose: str) -> Iterable[str]:
    for match in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", prose):
        target, where = match.group(1), f"{file}:{line_of(prose, match.start())}"
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        full = posixpath.normpath(posixpath.join(posixpath.dirname(file), path)) if path else file
        if not (tree.root / full).exists():
            yield f"{where}: the link '{target}' leads nowhere"
        elif anchor and anchor not in anchors(tree.text(full)):
            yield f"{where}: '{full}' has no heading '#{anchor}'"


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def paths(tree: Tree, file: str, prose: str) -> Iterable[str]:
    """`src/quant/registry.cpp` must exist; with <name>, {a,b} or * it is a pattern and its folder must."""
    for match in re.finditer(r"`((?:%s)/[^`\s]*)`" % "|".join(TOP), prose):
        path = re.split(r"[<{*]", match.group(1))[0]
        if path != match.group(1):
            path = posixpath.dirname(path)
        if path not in GENERATED and not (tree.root / path).exists():
            yield f"{file}:{line_of(prose, match.start())}: there is no '{path}'"


def commands(tree: Tree, file: str, text: str) -> Iterable[str]:
    for block in re.finditer(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for command in re.finditer(r"(?:[^\n\\]|\\\n|\\.)+", block.group(1)):  # a backslash ties lines together
            words = shlex.split(command.group().replace("\\\n", " "), comments=True)
            for problem in problems_of(tree, words):
                yield f"{file}:{line_of(text, block.start(1) + command.start())}: {problem}"


def problems_of(tree: Tree, words: list[str]) -> Iterable[str]:
    words = [word for word in words if not re.match(r"[A-Z_]+=", word)]
    if not words:
        return
    name, rest = words[0], words[1:]
    if name == "./dev":
        if not rest or not re.search(rf"^  {re.escape(rest[0])}\b", tree.text("dev"), re.MULTILINE):
            yield f"./dev has no command '{' '.join(rest[:1])}'"
    elif name == "abi" or name.endswith("/abi"):
        yield from problems_of_abi(tree, rest)
    elif name == "cmake" and "--preset" in rest:
        preset = rest[rest.index("--preset") + 1]
        if preset not in {each["name"] for each in json.loads(tree.text("CMakePresets.json"))["configurePresets"]}:
            yield f"there is no preset '{preset}'"
    elif name not in COMMON and not (name.startswith("build/") or name.startswith("./")):
        yield f"the command '{name}' is not one that a reader has"


def problems_of_abi(tree: Tree, words: list[str]) -> Iterable[str]:
    if words[:1] and words[0].startswith("--"):
        return
    known = re.findall(r"^ABI_COMMAND\((\w+)\)", tree.text("apps/abi/command/command.def"), re.MULTILINE)
    if not words or words[0] not in known:
        yield f"abi has no command '{' '.join(words[:1])}', it has {', '.join(known)}"
        return
    program = tree.build and tree.build / "apps/abi/abi"
    if program and program.exists():
        told = help_of(str(program), words[0])
        for word in words[1:]:
            if re.match(r"--?[a-z]", word) and not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", told):
                yield f"abi {words[0]} has no option '{word}'"


@functools.cache
def help_of(program: str, command: str) -> str:
    return subprocess.run([program, command, "--help"], capture_output=True, text=True, check=True, timeout=60).stdout


def quotes(tree: Tree, file: str, text: str) -> Iterable[str]:
    """<!-- from PATH --> before a code block: the block stands in that file."""
    for match in re.finditer(r"<!-- from (\S+) -->\n+```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        path, code = match.groups()
        if path not in tree.files or code.strip() not in tree.text(path):
            yield f"{file}:{line_of(text, match.start())}: this code is not in '{path}'"
