"""Who is shown in a picture, whether it may be shown, and by which modules: decided here and nowhere else. Pure.

A picture is judged before a model is asked about it, with what the model answered (`image_plans`), and once more before
anything is made or searched for (`images`): by one rule, over all the words that there are by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.settings.people import Gender
from stark_udfs.stages.images.face_of import gender_of
from stark_udfs.stages.images.image_plans.rules import Shown
from stark_udfs.stages.images.settings import ModuleName
from stark_udfs.stages.images.who_is_shown import Owner, Seen, seen_in
from stark_udfs.stages.text.words import excerpt

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings


class OwnedPicture(Protocol):
    """A row about one picture, and whose it is."""

    @property
    def image_id(self) -> str:
        """The picture."""
        ...

    @property
    def name(self) -> str:
        """The owner's name."""
        ...

    @property
    def age(self) -> int:
        """The owner's age."""
        ...

    @property
    def gender(self) -> str:
        """The owner's gender, in the words of the settings."""
        ...

    @property
    def description(self) -> str:
        """What the picture shows."""
        ...


@dataclass(frozen=True)
class SafetyRules:
    """What the rule looks at. min_age: nobody younger is shown."""

    min_age: int
    genders: tuple[Gender, ...]

    @classmethod
    def of(cls, settings: "Settings") -> "SafetyRules":
        """From the settings."""
        return cls(settings.safety.min_face_age, settings.people.genders)

    def minor(self, row: OwnedPicture) -> bool:
        """Whether the owner of the picture is under the age limit."""
        return row.age < self.min_age

    def seen(self, row: OwnedPicture, text: str) -> Seen:
        """Whom a text about the picture shows, as far as its words tell."""
        owner = Owner(row.name, row.age, gender_of(self.genders, row.gender).counts_as)
        return seen_in(text, owner, min_age=self.min_age)


@dataclass(frozen=True)
class Claim:
    """What is said of who is shown, beside the words of the picture.

    real_person: the public figure who can be seen.
    under_18: whether the model sees anybody that young.
    own_face: whether the model wants the user's face painted.
    """

    shown: Shown
    real_person: str | None = None
    under_18: bool = False
    own_face: bool = False


def may_show(
    rules: SafetyRules,
    row: OwnedPicture,
    texts: Sequence[str],
    claim: Claim | None = None,
    *,
    rewritten: bool = False,
) -> Reject | None:
    """Why the picture is withheld; None where it may be shown.

    Nobody under the age limit is shown, whoever says what: no child in any picture; in a minor's picture neither the
    minor nor anybody who may be as young, that is nobody but grown-ups and public figures.

    Args:
        texts: every text that a picture would be made or found by.
        claim: None as long as nobody has said who is shown.
        rewritten: whether it stands in for a picture of a child: then whoever is in it beside the user may be the child
            in other words, and nobody but grown-ups and public figures is shown either.
    """
    reason = None if claim is None else _against_claim(rules, row, claim, rewritten=rewritten)
    for text in texts:
        reason = reason or _against_words(rules, row, text, rewritten=rewritten)
    if reason is None:
        return None
    detail = f"{reason}: {excerpt(row.description, 250)}"
    return Reject(reason=RejectReason.WITHHELD_MINOR, detail=detail[:500], key=row.image_id)


def _against_claim(rules: SafetyRules, row: OwnedPicture, claim: Claim, *, rewritten: bool) -> str | None:
    if claim.under_18:
        return "the planner sees somebody under 18"
    known = claim.real_person is not None or rules.seen(row, row.description).grown
    strangers = claim.shown is Shown.OTHERS and not known
    if rules.minor(row) and (claim.shown.has_user or claim.own_face or strangers):
        return f"{row.age} years old; the planner sees {claim.shown.value}"
    return "the planner sees others, who may be as young" if rewritten and strangers else None


def _against_words(rules: SafetyRules, row: OwnedPicture, text: str, *, rewritten: bool) -> str | None:
    whom = rules.seen(row, text)
    where = "" if text == row.description else f" in {excerpt(text, 200)!r}"
    if whom.child:
        return f"a child{where}"
    strangers = whom.peers or (whom.someone and not whom.grown)
    if rules.minor(row) and (whom.user or strangers):
        return f"{row.age} years old; the user or people of that age{where}"
    return f"people who may be as young{where}" if rewritten and strangers else None


def shown_in(said: Shown | None, whom: Seen, *, user: bool) -> Shown:
    """Who is shown: as it is said, unless the words know better.

    Args:
        said: None: nobody has said anything usable.
        whom: whom the words of the description show.
        user: whether the user is shown for certain.
    """
    if said is None:
        said = Shown.OTHERS if whom.grown or whom.peers or whom.someone else Shown.NOBODY
    if user and not said.has_user:
        return Shown.WITH_OTHERS if said is Shown.OTHERS else Shown.USER
    return said


def may_make(shown: Shown, real_person: str | None) -> tuple[Module, ...] | Reject:
    """The modules that may make a picture, the best stand-in first; or why none may.

    A picture of the user is painted with the user's face and comes from nowhere else, so that it never shows a stranger
    (`images.candidates.from_strangers` refuses such a wish once more); a named real person is never painted; nobody but
    the user gets the user's face.
    """
    if shown.has_user and real_person:
        return Reject(reason=RejectReason.REAL_PERSON, detail=f"{real_person} together with the user")
    if shown.has_user:
        return (Module.P_T2I,)
    if real_person:
        return (Module.WEB, Module.RETRIEVAL)
    if shown is Shown.DOCUMENT:
        return (Module.RETRIEVAL, Module.WEB, Module.T2I)
    return (Module.T2I, Module.RETRIEVAL, Module.WEB)


def offered(rules: SafetyRules, row: OwnedPicture, modules: Sequence[ModuleName]) -> list[ModuleName]:
    """Those of the modules that a model may name: nobody under the age limit has a face that could be painted."""
    return [name for name in modules if not (rules.minor(row) and name == "p-t2i")]
