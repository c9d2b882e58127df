#!/usr/bin/env python3
"""Tests of the source: runs one check of checks/ on a tree and prints what it finds.

usage: tidy.py CHECK ROOT BUILD             the real tree; any finding fails
       tidy.py CHECK ROOT --expect FILE     a tree with planted faults; findings must be exactly the lines of FILE
       tidy.py ratchet ROOT --tighten       writes what is measured now to ratchet.json

A check is a module with `check(tree) -> Iterable[str]`; a finding is one line, "path:line: what is wrong". Exits with 1 after a
finding and with 77 where a check cannot run.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tree import Skip, Tree


def main(name: str, root: str, *rest: str) -> int:
    module = importlib.import_module(f"checks.{name}")
    if rest[:1] == ("--tighten",):
        module.tighten(Tree(Path(root)))
        return 0
    expecting = rest[:1] == ("--expect",)
    tree = Tree(Path(root), None if expecting else Path(rest[0]))
    found = sorted(module.check(tree))
    if not expecting:
        print("\n".join(found) or f"{name}: nothing found in {len(tree.files)} files")
        return 1 if found else 0
    wanted = sorted(line for line in Path(rest[1]).read_text().splitlines() if line)
    for line in sorted(set(found) ^ set(wanted)):
        print("found, not expected:" if line in found else "expected, not found:", line)
    print(f"{name}: {len(found)} findings, {len(wanted)} expected")
    return 0 if found == wanted and wanted else 1


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Skip as reason:
        print(f"skipped: {reason}")
        sys.exit(77)
