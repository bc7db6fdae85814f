"""Reading settings: defaults, base, target and `--set`, one laid over the other; a mistake is named with its path."""

import difflib
import types
import typing
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.kinds import Kinds
from stark_udfs.settings.section import Section

Tree = dict[str, object]
SettingsT = TypeVar("SettingsT", bound=Section)

RENAMED = {  # setting of an older version → its name today
    "personas.near": "personas.near_duplicate",
    "personas.spare": "personas.extra_share",
    "personas.leave_out": "personas.exclude_categories",
    "personas.draws": "personas.calls_per_profile",
    "events.asked": "events.min_events",
    "sessions.least": "sessions.min_sessions",
    "sessions.most": "sessions.max_sessions",
    "image_plans.sees": "image_plans.planner_input",
    "image_plans.unparsed": "image_plans.on_bad_module",
    "aligner.draws": "aligner.samples",
    "faces.tries": "faces.attempts",
    "faces.nsfw_most": "faces.max_nsfw",
    "choosing.score_least": "choosing.min_score",
    "choosing.nsfw_most": "choosing.max_nsfw",
    "choosing.twin_bits": "choosing.duplicate_bits",
    "pictures.at_once": "pictures.batch_size",
    "pictures.side": "pictures.image_size",
    "pictures.top": "pictures.top_k",
    "pictures.personal.method": "pictures.personal.kind",
    "pictures.detector.least": "pictures.detector.min_score",
}


def load_tree(
    model: type[Section], target: str, *, conf: str | Path | None = None, overrides: Sequence[str] = ()
) -> Tree:
    """The merged settings of a target, not validated yet: defaults, `base.yml`, `<target>.yml`, overrides.

    Args:
        model: whose defaults come first.
        target: the name of a file in the settings folder.
        conf: the folder; None: `./conf` if it is there, else the packaged one.
        overrides: `a.b=c`, c read as YAML.

    Raises:
        SettingsError: no such folder or target, a file or an override that cannot be read.
    """
    folder = conf_folder(conf)
    tree = merge(model().model_dump(mode="json"), _read(folder / "base.yml"))
    if target != "base":
        path = folder / f"{target}.yml"
        if not path.is_file():
            known = [name.removesuffix(".yml") for name in settings_in(folder)]
            raise SettingsError(f"target {target!r}: no {path}. Targets there: {', '.join(known)}.")
        tree = merge(tree, _read(path))
    given: Tree = {}
    for override in overrides:
        given = merge(given, _override(override))
    return merge(tree, given)


def validated(tree: Tree, model: type[SettingsT]) -> SettingsT:
    """Settings from a merged tree.

    Raises:
        SettingsError: names every wrong place in one message.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        lines = [_explain(model, tree, wrong) for wrong in error.errors()]
        raise SettingsError("settings: " + "\n          ".join(lines)) from None


def validated_sections(tree: Tree, model: type[SettingsT], names: Sequence[str]) -> SettingsT:
    """Settings of some sections alone, for a reader that does not know the others: those are looked at by name only.

    Raises:
        SettingsError: as `validated`, of these sections; or a section that `base.yml` does not have.
    """
    known = sorted(_read(packaged_conf() / "base.yml"))
    lines = [_unknown(name, known) for name in tree if name not in known]
    if lines:
        raise SettingsError("settings: " + "\n          ".join(lines))
    return validated({name: tree[name] for name in names}, model)


def merge(under: Tree, over: Mapping[str, object]) -> Tree:
    """`over` laid over `under`: mappings are merged, everything else is replaced.

    A section of another `kind` is replaced, too: what was set for one kind says nothing about another.
    """
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merges = isinstance(below, dict) and isinstance(value, Mapping) and not _of_another_kind(below, value)
        merged[key] = merge(typing.cast("Tree", below), typing.cast("Tree", value)) if merges else value
    return merged


def _of_another_kind(under: Mapping[str, object], over: Mapping[str, object]) -> bool:
    return "kind" in under and over.get("kind", under["kind"]) != under["kind"]


def settings_in(folder: Traversable) -> list[str]:
    """The names of the files of settings in a folder, sorted."""
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".yml"))


def conf_folder(conf: str | Path | None = None) -> Traversable:
    """The settings folder: the one that is named, else `./conf`, else the packaged one.

    Raises:
        SettingsError: the one that is named is not there.
    """
    if conf is not None:
        if not (Path(conf) / "base.yml").is_file():
            raise SettingsError(
                f"no base.yml in {Path(conf).absolute()}. Name another settings folder with --conf, leave --conf out, "
                f"or make one to edit: stark init {conf}"
            )
        return Path(conf)
    local = Path("conf")
    return local if (local / "base.yml").is_file() else packaged_conf()


def packaged_conf() -> Traversable:
    """The settings that come with the package, also where it lies in an archive; in a checkout those of `conf`."""
    package = resources.files("stark_udfs")
    shipped = package / "conf"
    return shipped if (shipped / "base.yml").is_file() else Path(str(package)).parent / "conf"


def _read(path: Traversable) -> Tree:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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


def _explain(model: type[BaseModel], tree: Tree, wrong: ErrorDetails) -> str:
    place, kind, message = wrong["loc"], wrong["type"], wrong["msg"]
    dotted = ".".join(map(str, place))
    if kind == "extra_forbidden":
        if dotted in RENAMED:
            return f"{dotted}: this setting is called {RENAMED[dotted]} now."
        return _unknown(dotted, _known_keys(model, tree, place[:-1]))
    if kind == "missing":
        return f"{dotted}: must be set."
    return f"{dotted}: {message[0].lower()}{message[1:]} (got {wrong['input']!r})."


def _unknown(dotted: str, known: Sequence[str]) -> str:
    *section, key = dotted.split(".")
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"Did you mean {'.'.join([*section, near[0]])}?" if near else f"Known: {', '.join(known)}."
    return f"{dotted}: no such setting. {hint}"


def _known_keys(model: type[BaseModel], tree: object, place: Sequence[int | str]) -> list[str]:
    annotation: object = model
    for part in place:
        section = _model_in(annotation)
        tree = tree.get(part) if isinstance(tree, Mapping) else None
        if section is not None:
            field = section.model_fields.get(str(part))
            annotation = None if field is None else _class_of(field, tree)
        else:
            arguments = typing.get_args(annotation)
            annotation = arguments[1 if typing.get_origin(annotation) is dict else 0] if arguments else None
    section = _model_in(annotation)
    return sorted(section.model_fields) if section is not None else []


def _class_of(field: FieldInfo, value: object) -> object:
    """The annotation of a field, or the class of the kind that its value names."""
    for kinds in field.metadata:
        if isinstance(kinds, Kinds):
            return type(kinds.read({"kind": value["kind"]} if isinstance(value, Mapping) and "kind" in value else {}))
    return field.annotation


def _model_in(annotation: object) -> type[BaseModel] | None:
    candidates: Sequence[object] = (
        typing.get_args(annotation)
        if typing.get_origin(annotation) in (typing.Union, types.UnionType)
        else [annotation]
    )
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
