"""A stage's fingerprint: its settings and the meaning of its code, so that a reformatted file changes nothing."""

import ast
import functools
import importlib.util

from stark_udfs.core.ids import canonical, stable_id
from stark_udfs.engine.stage import Stage, TableStage, UnitStage

PACKAGE = "stark_udfs."
DECODING = "stark_udfs.calls.sequence"  # how a reply is judged counts as part of every chat stage
NOT_MEANING = (
    "stark_udfs.engine",
    "stark_udfs.tables.table",
    "stark_udfs.settings",
    "stark_udfs.core.errors",
    "stark_udfs.calls.providers",  # how a server is spoken to; which one it is, and what it is sent, is in a call's key
)


def unit_hash(stage: UnitStage) -> str:
    """What a unit's outputs depend on beside its row: code, settings, model and parameters."""
    code = code_hash(_module_of(stage.select), DECODING)
    return stable_id(canonical(stage.settings), canonical(stage.basis), code)


def stage_hash(stage: Stage) -> str:
    """What a stage's table depends on beside the tables it reads."""
    if isinstance(stage, TableStage):
        return stable_id(canonical(stage.settings), code_hash(_module_of(stage.select)))
    return stable_id(unit_hash(stage), canonical(stage.scope))


def code_hash(*modules: str) -> str:
    """Hash of modules and of all that they import from the package.

    Layout, comments and the docstrings of functions do not count. Those of classes do: a shape's docstring reaches
    the model inside its JSON schema.
    """
    seen: dict[str, str] = {}
    for module in modules:
        _visit(module, seen)
    return stable_id(*(f"{name}={seen[name]}" for name in sorted(seen)))


def _module_of(function: object) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__module__", ""))


def _visit(module: str, seen: dict[str, str]) -> None:
    if module in seen or module.startswith(NOT_MEANING):
        return
    meaning = _meaning(module)
    if meaning is None:
        return
    seen[module], imported = meaning
    for name in imported:
        _visit(name, seen)


@functools.cache
def _meaning(module: str) -> tuple[str, tuple[str, ...]] | None:
    """As `meaning`, of a module's source; None: there is no such module."""
    source = _source(module)
    return None if source is None else meaning(source)


def meaning(source: str) -> tuple[str, tuple[str, ...]]:
    """Hash of a module's own code, and the names that it imports from the package."""
    tree = _without_docstrings(ast.parse(source))
    imported: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGE):
            imported.extend((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return stable_id(ast.dump(tree)), tuple(imported)


def _source(module: str) -> str | None:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        return None
    if spec is None or spec.loader is None or not hasattr(spec.loader, "get_source"):
        return None
    source: str | None = spec.loader.get_source(module)
    return source


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree
