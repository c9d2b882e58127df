"""Calls that do not belong here, each with what to use instead."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

from tree import Tree, line_of

LIBRARY = ("src", "backends", "features", "include")
HOUSE = (*LIBRARY, "apps", "bench", "examples", "tests")
TESTS = ("tests",)


class Rule(NamedTuple):
    what: str
    pattern: str
    folders: tuple[str, ...]
    instead: str


NOT_A_MEMBER = r"(?<![\w.>:])(?:std::)?"

RULES = (
    Rule("abort and exit",
         r"\b(?:std::)?(?:abort|_exit|_Exit|quick_exit|terminate)\s*\(|(?<![\w.>])(?:std::|::)?exit\s*\(",
         LIBRARY, "return an Error; ABI_CHECK for a mistake of our own"),
    Rule("assert", r"(?<![\w.])assert\s*\(|<cassert>|<assert\.h>",
         HOUSE, "ABI_CHECK, which stays on and never ends the host"),
    Rule("throw", r"(?<![\w-])throw\b(?!\s*;)",
         LIBRARY, "return error(...); only a failed ABI_CHECK unwinds"),
    Rule("console output",
         r"\bstd::(?:cout|cerr|clog)\b|\bf(?:printf|puts|putc)\s*\(\s*std|"
         + NOT_A_MEMBER + r"(?:printf|puts|putchar|perror)\s*\(",
         LIBRARY, "libabi::log: the host decides where messages go"),
    Rule("std::regex", r"\bstd::(?:w)?regex\b|<regex>",
         (*LIBRARY, "apps"), "a parser of its own: std::regex recurses once a character"),
    Rule("locale-dependent conversion",
         r"\b(?:std::)?(?:sto(?:i|l|ll|ul|ull|f|d|ld)|atoi|atol|atof|strto(?:d|f|l|ul|ll|ull))\s*\(",
         LIBRARY, "std::from_chars"),
    Rule("raw allocation",
         NOT_A_MEMBER + r"(?:malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup|alloca)\s*\(",
         LIBRARY, "memory::Arena, memory::Buffer or a container"),
    Rule("delete", r"(?<!= )(?<!operator )\bdelete(?:\s*\[\s*\])?\s+[\w(*]",
         HOUSE, "std::unique_ptr"),
    Rule("a thread of its own", r"\bstd::(?:jthread|thread)\b(?!::)|\bstd::async\b|\bpthread_create\b",
         LIBRARY, "task::Pool: one pool for the whole library"),
    Rule("sleep in a test", r"\bsleep_(?:for|until)\s*\(|(?<!\w)(?:u|nano)?sleep\s*\(",
         TESTS, "a barrier, a latch or a clock that is passed in"),
    Rule("std::random_device", r"\bstd::random_device\b|" + NOT_A_MEMBER + r"s?rand\s*\(",
         HOUSE, "a seed that is printed and taken from ABI_SEED"),
    Rule("using namespace std", r"\busing\s+namespace\s+std\s*;",
         HOUSE, "names as they are"),
    Rule("disabled test", r"\bDISABLED_\w+|\bSUCCEED\s*\(|EXPECT_TRUE\s*\(\s*true\s*\)",
         TESTS, "a test that can fail"),
)

# (file, rule): why it may. An entry that is no longer needed is itself a finding.
ALLOWED = {
    ("src/base/log.cpp", "throw"): "a failed ABI_CHECK unwinds from here",
    ("src/task/pool.cpp", "throw"): "an injected fault takes the way of the system's own, caught in the same loop",
    ("include/abi/base/error.hpp", "throw"): "consteval: a wrong format string does not compile",
}
# Threads are made in one layer.
ALLOWED_FOLDERS = {("src/task/", "a thread of its own")}


def check(tree: Tree) -> Iterable[str]:
    used = set()
    for rule in RULES:
        pattern = re.compile(rule.pattern)
        for file in tree.code(*rule.folders):
            text = tree.bare(file)
            for match in pattern.finditer(text):
                if (file, rule.what) in ALLOWED:
                    used.add((file, rule.what))
                elif not any(file.startswith(folder) and what == rule.what for folder, what in ALLOWED_FOLDERS):
                    yield f"{file}:{line_of(text, match.start())}: {rule.what} ('{match.group().strip()}'); use {rule.instead}"
    for file, what in ALLOWED.keys() - used:
        if tree.build is not None:
            yield f"{file}:1: is allowed '{what}' in checks/banned.py and no longer needs it"
