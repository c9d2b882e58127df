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
         LIBRARY, "memory::ScopedArena, memory::Buffer or a container"),
    Rule("delete", r"(?<!= )(?<!operator )\bdelete(?:\s*\[\s*\])?\s+[\w(*]",
         HOUSE, "std::unique_ptr"),
    Rule("a thread of its own", r"\bstd::(?:jthread|thread)\b(?!::)|\bstd::async\b|\bpthread_create\b",
         LIBRARY, "task::Scheduler: one pool for the whole library"),
    Rule("sleep in a test", r"(?<=this_thread::)sleep_(?:for|until)\s*\(|(?<!\w)(?:u|nano)?sleep\s*\(",
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
    ("include/abi/task/own_thread.hpp", "a thread of its own"): "how those that may have one start it",
    ("src/base/unwinding.cpp", "throw"): "a failed ABI_CHECK unwinds from here",
    ("src/base/log_sink_wasm.cpp", "console output"): "the log of a module without threads",
    ("include/abi/sync/epoch.hpp", "abort and exit"): "exit() of a region",
    ("src/task/graph.cpp", "delete"): "an error that travels through an atomic pointer",
    ("src/task/graph.cpp", "throw"): "what an allocation does, injected; caught at the boundary of build()",
    ("include/abi/task/graph.hpp", "delete"): "what is erased by its type is deleted by a function of that type",
    ("src/task/fork_join.cpp", "delete"): "an error that travels through an atomic pointer",
    ("src/task/fork_join_root.cpp", "delete"): "an error that travels through an atomic pointer",
    ("src/task/graph_run.cpp", "delete"): "an error that travels through an atomic pointer",
}
# Threads that compute are made in one layer, those that wait for the disk in another; in lock-free structures, who owns a node is
# what the algorithm is about.
ALLOWED_FOLDERS = {("src/task/", "a thread of its own"), ("src/io/", "a thread of its own"), ("include/abi/sync/", "delete"),
                   ("tests/sync/", "delete")}


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
