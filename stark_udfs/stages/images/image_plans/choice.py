"""Which module makes an image: the one that the model said, where it may, else the best stand-in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply
from stark_udfs.stages.images.image_plans.rules import Shown, module_of
from stark_udfs.stages.images.safety import may_make

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


@dataclass(frozen=True)
class Chosen:
    """The module that makes an image, and why it is not the one that the model said."""

    module: Module
    why: str | None = None


def choose(settings: "Settings", reply: BriefPlanReply, shown: Shown, real_person: str | None) -> Chosen | Reject:
    """The model's module where it may make the image, else the best stand-in that may."""
    allowed = may_make(shown, real_person)
    if isinstance(allowed, Reject):
        return allowed
    offered = settings.aligner.modules
    said = module_of(reply.module)
    if said in allowed and said.value in offered:
        return Chosen(said)
    unread = said is None or said.value not in offered
    if unread and settings.image_plans.on_bad_module == "t2i" and Module.T2I in allowed:
        return Chosen(Module.T2I, "not a module that is offered")
    possible = [module for module in allowed if module.value in offered]
    if possible:
        return Chosen(possible[0], _why(said, shown, real_person))
    names = ", ".join(module.value for module in allowed)
    return Reject(reason=RejectReason.NO_MODULE, detail=f"{real_person or shown.value}: only {names} may show it")


def _why(said: Module | None, shown: Shown, real_person: str | None) -> str:
    if shown.has_user:
        return "the user is shown"
    if real_person:
        return "a real person is shown"
    return "the user is not shown" if said is Module.P_T2I else "not a module that is offered"
