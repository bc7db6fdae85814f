"""Options that every command takes, before or after its name, and how errors end it."""

from collections.abc import Sequence
from dataclasses import dataclass

import typer
from typer.core import TyperGroup

from stark_udfs.cli.plain import tell
from stark_udfs.core.conf import load
from stark_udfs.core.errors import RunStopped, StarkError
from stark_udfs.core.settings import Settings

WRONG, ENDED_EARLY, INTERRUPTED = 2, 3, 130
WITH_VALUE = ("--target", "--conf", "--set")
FLAGS = ("--debug",)


@dataclass(frozen=True)
class Common:
    """Which settings the user means."""

    target: str
    conf: str
    overrides: tuple[str, ...]
    debug: bool

    def settings(self, *more: str) -> Settings:
        """The settings; `more` are further overrides.

        Raises:
            SettingsError: as `conf.load`.
        """
        return load(self.conf, self.target, (*self.overrides, *more))


class Stark(TyperGroup):
    """The command group: common options may stand anywhere; errors of the package are one line, not a traceback."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        """Take the common options to the front, where the group reads them."""
        return super().parse_args(ctx, hoisted(args))

    def invoke(self, ctx: typer.Context) -> object:
        """Run the command; its exit code says how it ended: 2 an error, 3 ended early, 130 interrupted."""
        try:
            return super().invoke(ctx)
        except StarkError as error:
            if ctx.params.get("debug"):
                raise
            tell(f"stark: {error}", style="red")
            raise typer.Exit(ENDED_EARLY if isinstance(error, RunStopped) else WRONG) from None
        except KeyboardInterrupt:
            tell("stark: interrupted")
            raise typer.Exit(INTERRUPTED) from None


def hoisted(args: Sequence[str]) -> list[str]:
    """The arguments with the common options first; what follows `--` stays where it is."""
    front: list[str] = []
    rest: list[str] = []
    left = list(args)
    while left:
        word = left.pop(0)
        if word == "--":
            rest.extend([word, *left])
            break
        if word in FLAGS or word.startswith(tuple(f"{name}=" for name in WITH_VALUE)):
            front.append(word)
        elif word in WITH_VALUE:
            front.append(word)
            front.extend(left[:1])
            del left[:1]
        else:
            rest.append(word)
    return [*front, *rest]
