"""Imports point down only: no module imports from a higher layer, and none of them in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("matcher", "indexes", "benchmarks", "training")

LAYERS: dict[str, tuple[str, ...]] = {
    "faces": ("matcher/cli*", "matcher/commands/*", "matcher/service*", "benchmarks/*", "training/*"),
    "application": (
        "matcher/assembly/*", "matcher/scan*", "matcher/report/*", "matcher/demo/*", "matcher/outputs.py",
        "matcher/workspace*", "matcher/snapshot*", "matcher/finder.py",
        "matcher/examining.py", "matcher/reading.py", "matcher/spotting.py", "matcher/photo_cache.py",
        "matcher/workers.py", "matcher/machine_trouble.py", "matcher/demo_run.py", "matcher/watching/*",
        "matcher/ray_engine.py",
        "matcher/galleries.py", "matcher/gallery_kinds.py", "matcher/describing.py",
        "matcher/labels/*", "matcher/backup/*",
    ),
    "judgement": (
        "matcher/decision.py", "matcher/policy.py", "matcher/matching*",
        "matcher/similarity.py", "matcher/boosted_trees.py",
        "matcher/logo_likeness.py", "matcher/logo_matching.py",
        "matcher/signals/*", "matcher/tuning/*",
    ),
    "domain": (
        "matcher/catalog/*", "matcher/models/*", "matcher/manifests/*", "matcher/containers/*",
        "matcher/images.py", "matcher/rendering.py", "matcher/colour.py", "matcher/sources.py",
        "matcher/listing_photos.py",
        "matcher/fetch.py",
        "matcher/posting.py", "matcher/addresses.py", "matcher/connections.py", "matcher/text/*",
    ),
    "vectors": ("indexes/*",),
    "nouns": (
        "matcher/__init__.py", "matcher/records.py", "matcher/config.py", "matcher/errors.py",
        "matcher/faults.py", "matcher/files.py", "matcher/toml_files.py", "matcher/cells.py",
        "matcher/freed_memory.py",
    ),
}  # fmt: skip
"""The layers from the top down, as docs/architecture.md draws them; `*` also stands for folders below."""

HOW_TO_PLACE = (
    "add it to one layer of LAYERS in tests/test_layers.py, and to docs/architecture.md where it is new"
)


class Module(NamedTuple):
    """A module: its file relative to the root, and the modules it imports.

    `imports` are all of them, also those inside functions or for type checking only; `at_load` those that
    run when the module is loaded.
    """

    path: str
    imports: frozenset[str]
    at_load: frozenset[str]


def read_modules(root: Path, packages: Iterable[str]) -> dict[str, Module]:
    """Every module of the packages under `root`, by dotted name."""
    files = {
        dotted(path, root): path for package in packages for path in sorted((root / package).rglob("*.py"))
    }
    return {
        name: Module(
            path.relative_to(root).as_posix(),
            frozenset(imports_of(path, name, files, everywhere=True)),
            frozenset(imports_of(path, name, files, everywhere=False)),
        )
        for name, path in files.items()
    }


def dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, name: str, known: Mapping[str, Path], *, everywhere: bool) -> Iterator[str]:
    """The modules of `known` that the file imports; a name taken from a package may be a module of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree) if everywhere else loaded(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, package)
            for alias in node.names:
                found = next((one for one in (f"{base}.{alias.name}", base) if one in known), None)
                if found and found != name:
                    yield found


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The module an import names, with the dots of a relative one resolved."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])


def loaded(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements that run when a module is loaded: not those in functions, nor for type checking only."""
    for node in statements:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from loaded(node.orelse)
            continue
        yield from loaded(ast.iter_child_nodes(node))


def layers_of(path: str, layers: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [name for name, patterns in layers.items() if any(fnmatch(path, pattern) for pattern in patterns)]


def misplaced(modules: Mapping[str, Module], layers: Mapping[str, tuple[str, ...]]) -> list[str]:
    """A line for each module that is in no layer, or in several."""
    lines = []
    for module in modules.values():
        found = layers_of(module.path, layers)
        if len(found) != 1:
            lines.append(f"{module.path} is in {' and '.join(found) or 'no layer'}: {HOW_TO_PLACE}")
    return lines


def upward(modules: Mapping[str, Module], layers: Mapping[str, tuple[str, ...]]) -> list[str]:
    """A line for each import of a module of a higher layer."""
    order = list(layers)
    height = {name: order.index(layers_of(module.path, layers)[0]) for name, module in modules.items()}
    return [
        f"{module.path} ({order[height[name]]}) imports {target} ({order[height[target]]}), which is above it"
        for name, module in modules.items()
        for target in sorted(module.imports)
        if height[target] < height[name]
    ]


def circles(modules: Mapping[str, Module]) -> list[str]:
    """A line for each circle of imports that run when modules are loaded, found by depth-first search."""
    found, finished = [], set[str]()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            found.append(" -> ".join((*trail[trail.index(name) :], name)))
        elif name not in finished:
            for target in sorted(modules[name].at_load):
                visit(target, (*trail, name))
            finished.add(name)

    for name in modules:
        visit(name, ())
    return found


@pytest.fixture(scope="module")
def modules() -> dict[str, Module]:
    return read_modules(ROOT, PACKAGES)


def test_every_module_is_in_exactly_one_layer(modules: dict[str, Module]) -> None:
    assert not misplaced(modules, LAYERS), "\n".join(misplaced(modules, LAYERS))


def test_no_module_imports_from_a_layer_above(modules: dict[str, Module]) -> None:
    placed = {name: module for name, module in modules.items() if len(layers_of(module.path, LAYERS)) == 1}
    known = {
        name: Module(module.path, module.imports & placed.keys(), module.at_load & placed.keys())
        for name, module in placed.items()
    }
    assert not upward(known, LAYERS), "\n".join(upward(known, LAYERS))


def test_no_modules_import_each_other_in_a_circle(modules: dict[str, Module]) -> None:
    assert not circles(modules), "\n".join(circles(modules))


def test_only_the_galleries_know_faiss() -> None:
    """Whoever else wants neighbours asks a gallery, so that results have the same digits everywhere."""
    strangers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "matcher").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "faiss" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "faiss")
    ]
    assert not strangers, f"{', '.join(strangers)}: FAISS is used through indexes/ only"


# The test itself, held against trees made for it.

HOUSE = {
    "top": ("house/roof*",),
    "middle": ("house/rooms/*",),
    "bottom": ("house/__init__.py", "house/cellar.py"),
}


def build(root: Path, **files: str) -> dict[str, Module]:
    """A package `house` with the given files: `rooms__hall="import x"` is house/rooms/hall.py."""
    sources = {"__init__": "", "rooms____init__": "", "roof": "", "cellar": "", "rooms__hall": ""} | files
    for name, text in sources.items():
        path = root / "house" / f"{name.replace('rooms__', 'rooms/', 1)}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_modules(root, ["house"])


def test_imports_that_point_down_pass(tmp_path: Path) -> None:
    house = build(tmp_path, roof="from house.rooms import hall\n", rooms__hall="import house.cellar\n")
    assert house["house.roof"].imports == {"house.rooms.hall"}
    assert not misplaced(house, HOUSE)
    assert not upward(house, HOUSE)
    assert not circles(house)


@pytest.mark.parametrize(
    "source",
    [
        "from house import roof\n",
        "import house.roof\n",
        "from house.roof import chimney\n",
        "from ..roof import chimney\n",
        "def later():\n    from house.roof import chimney\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.roof import chimney\n",
    ],
)
def test_an_upward_import_is_caught_however_it_is_written(tmp_path: Path, source: str) -> None:
    house = build(tmp_path, rooms__hall=source)
    assert upward(house, HOUSE) == [
        "house/rooms/hall.py (middle) imports house.roof (top), which is above it"
    ]


def test_a_circle_is_caught(tmp_path: Path) -> None:
    house = build(
        tmp_path, rooms__hall="from house.rooms import stair\n", rooms__stair="import house.rooms.hall\n"
    )
    assert circles(house) == ["house.rooms.hall -> house.rooms.stair -> house.rooms.hall"]


def test_a_circle_that_is_closed_only_when_a_function_runs_is_none(tmp_path: Path) -> None:
    late = "def climb():\n    import house.rooms.hall\n"
    assert not circles(build(tmp_path, rooms__hall="from house.rooms import stair\n", rooms__stair=late))


def test_a_module_in_no_layer_is_caught_with_what_to_do(tmp_path: Path) -> None:
    house = build(tmp_path, shed="")
    assert misplaced(house, HOUSE) == [f"house/shed.py is in no layer: {HOW_TO_PLACE}"]


def test_a_module_in_two_layers_is_caught(tmp_path: Path) -> None:
    house = build(tmp_path)
    assert misplaced(house, HOUSE | {"other": ("house/cellar.py",)}) == [
        f"house/cellar.py is in bottom and other: {HOW_TO_PLACE}"
    ]
