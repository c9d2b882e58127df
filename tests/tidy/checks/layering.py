"""A layer includes public headers of its own and of the layers that it names; public headers do the same; no layer and no
file stands in a cycle of includes. (The compiler refuses what a layer cannot see at all; this also refuses what it sees
only through another layer.)"""

from __future__ import annotations

import posixpath
from typing import Iterable

from tree import Tree, includes


def check(tree: Tree) -> Iterable[str]:
    owners = {layer["dir"] + "/": layer for layer in tree.house.values() if not layer["stub"]}
    owners |= {f"include/abi/{layer['headers']}/": layer for layer in tree.house.values() if not layer["stub"]}
    headers = {layer["headers"] for layer in tree.house.values()}
    graph: dict[str, set[str]] = {}
    for file in tree.code("src", "backends", "features", "include"):
        layer = next((owners[d] for d in sorted(owners, key=len, reverse=True) if file.startswith(d)), None)
        for line, path, quoted in includes(tree.text(file)):
            target = resolve(tree, file, path, quoted, layer)
            if target:
                graph.setdefault(file, set()).add(target)
            if path.startswith(".."):
                yield f"{file}:{line}: '{path}' climbs out of its folder; include it by the path its layer sees"
            if layer and path.startswith("abi/"):
                area = path.split("/")[1]
                if area not in headers:
                    yield f"{file}:{line}: '{path}' belongs to no layer"
                elif area not in named_headers(tree, layer):
                    yield f"{file}:{line}: '{path}' is of a layer that {layer['name']} does not name"
    yield from cycles("file", graph)
    areas: dict[str, set[str]] = {}
    for file, targets in graph.items():
        for target in targets:
            if area_of(file) != area_of(target):
                areas.setdefault(area_of(file), set()).add(area_of(target))
    yield from cycles("layer", areas)


def named_headers(tree: Tree, layer: dict) -> set[str]:
    return {layer["headers"], *(tree.house[name]["headers"] for name in layer["depends"])}


def resolve(tree: Tree, file: str, path: str, quoted: bool, layer: dict | None) -> str | None:
    candidates = [f"include/{path}"]
    if quoted:
        candidates.insert(0, posixpath.normpath(posixpath.join(posixpath.dirname(file), path)))
        if layer:
            candidates.append(f"{layer['dir']}/{path}")
    return next((c for c in candidates if c in tree.files), None)


def area_of(file: str) -> str:
    """include/abi/quant/x.hpp and src/quant/y.cpp are both of quant."""
    parts = file.split("/")
    return parts[2] if parts[0] == "include" else "/".join(parts[1:-1][:1]) or parts[0]


def cycles(kind: str, graph: dict[str, set[str]]) -> Iterable[str]:
    state: dict[str, int] = {}  # 1: on the path, 2: done

    def visit(node: str, path: list[str]) -> Iterable[str]:
        state[node] = 1
        for other in sorted(graph.get(node, ())):
            if state.get(other) == 1:
                ring = path[path.index(other):] if other in path else [other]
                yield f"{other}:1: {kind}s include each other: {' -> '.join([*ring, other])}"
            elif other not in state:
                yield from visit(other, [*path, other])
        state[node] = 2

    for node in sorted(graph):
        if node not in state:
            yield from visit(node, [node])
