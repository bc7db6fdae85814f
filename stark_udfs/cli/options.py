"""Options that every command takes, before or after its name; options that may stand without their value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stark_udfs.settings.load import load_tree, validated_sections
from stark_udfs.settings.run import RunSettings

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

WRONG, ENDED_EARLY, INTERRUPTED = 2, 3, 130
ALL = "all"
DEBUG = "--debug"
MORE = "Also takes --target, --conf, --set and --debug: see `stark --help`."  # ends the help of a command
COMMON = ("--target", "--conf", "--set")
MAY_LACK_A_VALUE = ("--remake", "--retry-rejects")


@dataclass(frozen=True)
class Common:
    """Which settings the user means; `read` keeps those that were read."""

    target: str
    conf: str | None
    overrides: tuple[str, ...]
    read: list[RunSettings] = field(default_factory=list)

    @classmethod
    def of(cls, held: object) -> "Common":
        """What the group keeps for its commands, in `typer.Context.obj`."""
        if not isinstance(held, Common):
            raise TypeError("the command was called without its group")
        return held

    def settings(self, *more: str) -> "Settings":
        """The settings; `more` are further overrides.

        Raises:
            SettingsError: as `load_settings`.
        """
        from stark_udfs.stages.pipeline import load_settings

        found = load_settings(self.target, conf=self.conf, overrides=(*self.overrides, *more))
        self.read.append(found)
        return found

    def places(self, *more: str) -> RunSettings:
        """Where the tables are, and how Spark is started: all that a reading command needs, without loading the stages.

        Raises:
            SettingsError: as `load_settings`, of these two sections alone, or a section that does not exist.
        """
        tree = load_tree(RunSettings, self.target, conf=self.conf, overrides=(*self.overrides, *more))
        found = validated_sections(tree, RunSettings, ("storage", "spark"))
        self.read.append(found)
        return found


@dataclass(frozen=True)
class RunSelection:
    """What to run, and what is wanted beyond the ordinary; `ALL` stands for every stage and every reason."""

    first: str | None = None
    until: str | None = None
    remake: tuple[str, ...] = ()
    keep_stale: bool = False
    retry_rejects: str | None = None
    only: str | None = None
    redraw: bool = False
    batch: bool = False
    wait: bool = True
    remove_missing: int = 0


def arranged(arguments: Sequence[str]) -> list[str]:
    """The arguments with the common options first and with `ALL` where a value was left out.

    What follows `--` stays as it is.
    """
    front: list[str] = []
    rest: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            return [*front, *rest, word, *left]
        if word == DEBUG or word.startswith(tuple(f"{name}=" for name in COMMON)):
            front.append(word)
        elif word in COMMON:
            front.extend([word, *left[:1]])
            del left[:1]
        else:
            rest.append(word)
            if word in MAY_LACK_A_VALUE and (not left or left[0].startswith("-")):
                rest.append(ALL)
    return [*front, *rest]
