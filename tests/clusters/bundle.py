"""The Databricks bundle of this checkout as `databricks bundle validate` sees it, without a workspace.

A reference that leads nowhere is an error here: neither the models of databricks-bundles nor its schema notice one.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
REFERENCE = re.compile(r"\$\{([^${}]+)\}")
WORKSPACE = {  # what only a workspace knows
    "workspace.host": "https://my-workspace.cloud.databricks.com",
    "workspace.current_user.userName": "someone@example.com",
    "workspace.current_user.short_name": "someone",
    "workspace.file_path": "/Workspace/Users/someone@example.com/.bundle/stark/files",
}
MOST = 10  # references within references

Tree = dict[str, object]


class Dangling(Exception):
    """A reference to something that is not there."""


def merged(under: Tree, over: Mapping[str, object]) -> Tree:
    """Mappings into each other, as the bundle's files are."""
    found = dict(under)
    for key, value in over.items():
        below = found.get(key)
        found[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return found


def read(root: Path = ROOT) -> Tree:
    """`databricks.yml` with the files that it includes."""
    tree = yaml.safe_load((root / "databricks.yml").read_text(encoding="utf-8"))
    for pattern in tree["include"]:
        files = sorted(root.glob(pattern))
        if not files:
            raise Dangling(f"include: {pattern} matches no file")
        for file in files:
            tree = merged(tree, yaml.safe_load(file.read_text(encoding="utf-8")))
    return tree


def for_target(tree: Tree, target: str, given: Mapping[str, object] | None = None) -> Tree:
    """The bundle as a target has it, with the values `given` for variables, all references followed."""
    chosen = tree["targets"][target]  # type: ignore[index]
    values = {name: one.get("default") for name, one in tree["variables"].items()}  # type: ignore[attr-defined]
    over = {**chosen.get("variables", {}), **(given or {})}
    if unknown := set(over) - set(values):
        raise Dangling(f"target {target}: no variable {', '.join(sorted(unknown))}")
    values |= over
    whole = merged({key: value for key, value in tree.items() if key not in ("targets", "variables")}, chosen)
    whole["variables"] = values
    whole["bundle"] = {**whole["bundle"], "target": target}  # type: ignore[dict-item]
    followed = followed_in(whole, whole)
    assert isinstance(followed, dict)
    return followed


def followed_in(node: object, whole: Tree) -> object:
    """A node with what its references stand for."""
    if isinstance(node, Mapping):
        return {key: followed_in(value, whole) for key, value in node.items()}
    if isinstance(node, list):
        return [followed_in(value, whole) for value in node]
    if not isinstance(node, str):
        return node
    for _ in range(MOST):
        alone = REFERENCE.fullmatch(node)
        if alone is not None:
            return followed_in(looked_up(alone[1], whole), whole)
        if REFERENCE.search(node) is None:
            return node
        node = REFERENCE.sub(lambda match: str(looked_up(match[1], whole)), node)
    raise Dangling(f"{node}: references go round in a circle")


def looked_up(path: str, whole: Tree) -> object:
    """What `${path}` stands for."""
    if path in WORKSPACE:
        return WORKSPACE[path]
    parts = path.split(".")
    if parts[0] == "var":
        parts[0] = "variables"
    node: object = whole
    for part in parts:
        if not isinstance(node, Mapping) or part not in node:
            raise Dangling(f"${{{path}}}: there is no {part}")
        node = node[part]
    return node
