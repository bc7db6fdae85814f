"""Reading settings: base, target and `--set` merged into `Settings`, each mistake named with its dotted path."""

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.sections import Settings

Tree = dict[str, object]


def load(conf: str | Path, target: str, overrides: Sequence[str] = ()) -> Settings:
    """The settings of a target.

    Args:
        conf: the folder of base.yml and <target>.yml.
        target: the name of a file in it.
        overrides: `a.b=c`, c read as YAML.

    Raises:
        SettingsError: no such file or target, an unknown key, a value out of range.
    """
    folder = _folder(conf)
    tree = _read(folder / "base.yml")
    path = folder / f"{target}.yml"
    if target != "base":
        if not path.is_file():
            known = sorted(p.stem for p in folder.glob("*.yml"))
            raise SettingsError(f"target {target!r}: no {path}. Targets there: {', '.join(known)}.")
        tree = merge(tree, _read(path))
    for override in overrides:
        tree = merge(tree, _override(override))
    return check(tree)


def check(tree: Tree) -> Settings:
    """Settings from a merged tree.

    Raises:
        SettingsError: names every wrong place in one message.
    """
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        lines = [_explain(tuple(e["loc"]), e["type"], e["msg"], e["input"]) for e in error.errors()]
        raise SettingsError("settings: " + "\n          ".join(lines)) from None


def merge(under: Tree, over: Mapping[str, object]) -> Tree:
    """`over` laid over `under`: mappings are merged, everything else is replaced."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, Mapping) else value
    return merged


def _folder(conf: str | Path) -> Path:
    folder = Path(conf)
    if not (folder / "base.yml").is_file():
        raise SettingsError(f"no base.yml in {folder.absolute()}. Give the settings folder with --conf.")
    return folder


def _read(path: Path) -> Tree:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not YAML: {error}") from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(f"{path} holds a {type(tree).__name__}; it must be a mapping of sections.")
    return tree


def _override(text: str) -> Tree:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise SettingsError(f"--set {text}: write it as section.key=value.")
    try:
        tree: object = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise SettingsError(f"--set {text}: the value is not YAML: {error}") from error
    for key in reversed(path.strip().split(".")):
        tree = {key: tree}
    return typing.cast("Tree", tree)


def _explain(place: tuple[int | str, ...], kind: str, message: str, value: object) -> str:
    dotted = ".".join(map(str, place))
    if kind == "extra_forbidden":
        known = _known_keys(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.4)
        hint = f"Did you mean {'.'.join([*map(str, place[:-1]), near[0]])}?" if near else f"Known: {', '.join(known)}."
        return f"{dotted}: no such setting. {hint}"
    if kind == "missing":
        return f"{dotted}: must be set."
    return f"{dotted}: {message[0].lower()}{message[1:]} (got {value!r})."


def _known_keys(place: Sequence[int | str]) -> list[str]:
    annotation: object = Settings
    for part in place:
        model = _model_in(annotation)
        if model is not None:
            field = model.model_fields.get(str(part))
            annotation = None if field is None else field.annotation
        else:
            arguments = typing.get_args(annotation)
            annotation = arguments[1 if typing.get_origin(annotation) is dict else 0] if arguments else None
    model = _model_in(annotation)
    return sorted(model.model_fields) if model is not None else []


def _model_in(annotation: object) -> type[BaseModel] | None:
    candidates: Sequence[object] = (
        typing.get_args(annotation)
        if typing.get_origin(annotation) in (typing.Union, types.UnionType)
        else [annotation]
    )
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
