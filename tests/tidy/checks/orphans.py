"""Every source belongs to a target, of this configuration or as its folder's CMakeLists.txt says of another; and every header is
included by something or is public."""

from __future__ import annotations

from typing import Iterable

from tree import Tree, includes

FOLDERS = ("src", "features", "backends", "apps", "bench", "examples", "tests")


def check(tree: Tree) -> Iterable[str]:
    # A folder of which nothing is built is switched off in this configuration.
    built = {source.split("/")[0] for source in tree.compiled}
    files = tree.code(*(folder for folder in FOLDERS if folder in built))
    included = {path.rsplit("/", 1)[-1] for file in tree.code(*FOLDERS, "include") for _, path, _ in includes(tree.text(file))}
    named = "".join(tree.text(file) for file in tree.files if file.endswith(("CMakeLists.txt", ".cmake")))
    for file in files:
        name = file.rsplit("/", 1)[-1]
        if file.endswith(".cpp"):
            if file not in tree.compiled and not is_of_another_build(tree, file) and not is_of_another_project(tree, file):
                yield f"{file}:1: belongs to no target"
        elif name not in included and name not in named:
            yield f"{file}:1: is included by no file"


def is_of_another_build(tree: Tree, file: str) -> bool:
    """Listed beside what is built here: for another platform, or without a library that was found."""
    folder, name = file.rsplit("/", 1)
    while folder:
        lists = folder + "/CMakeLists.txt"
        if lists in tree.files:
            return any(name in tree.text(path) for path in tree.files
                       if path == lists or path.startswith(folder + "/") and path.endswith(".cmake"))
        folder, _, above = folder.rpartition("/")
        name = above + "/" + name
    return False


def is_of_another_project(tree: Tree, file: str) -> bool:
    """The source of a project of its own, as tests/install/consumer is."""
    folder, name = file.rsplit("/", 1)
    lists = folder + "/CMakeLists.txt"
    return lists in tree.files and "project(" in tree.text(lists) and name in tree.text(lists)
