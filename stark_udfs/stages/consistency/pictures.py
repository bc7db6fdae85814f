"""Shared images: not before they exist, one description each, and a picture that shows it."""

from stark_udfs.stages.consistency.found import Fault, Found, Scene, found
from stark_udfs.stages.text.history import ToldSession
from stark_udfs.stages.text.sessions.turns import SharedImage


def _shared(scene: Scene) -> list[tuple[int, SharedImage]]:
    return [(turn.turn, image) for turn in scene.session.turns for image in turn.images]


def image_order(scene: Scene) -> Found:
    """What is shared again was on the phone before; what is new was not; the album grows by what was taken."""
    there = {image.image_id for image in (scene.before[-1].album_after if scene.before else scene.history.album)}
    new: set[str] = set()
    faults: list[Fault] = []
    for turn, image in _shared(scene):
        if image.reused and image.image_id not in there:
            faults.append(Fault(turn, image.description, "not in the album before this session"))
        if not image.reused and image.image_id in there | new:
            faults.append(Fault(turn, image.description, "there before it was shared as new"))
        if not image.reused:
            new.add(image.image_id)
    taken = {image.image_id for _, image in _shared(scene) if image.source == "mobile" and not image.reused}
    after = {image.image_id for image in scene.session.album_after}
    if after != there | taken:
        odd = sorted(after ^ (there | taken))
        faults.append(Fault(0, f"album after the session: {', '.join(odd)}", "the album before and what was taken"))
    return found(faults, checked=bool(after or _shared(scene)))


def album_descriptions(scene: Scene) -> Found:
    """One image has one description, in the album, in every session and in the album after each."""
    known = {image.image_id: image.description for image in scene.history.album}
    for session in scene.before:
        for _, image_id, description in _described(session):
            known.setdefault(image_id, description)
    described = _described(scene.session)
    faults = [
        Fault(turn, description, known[image_id])
        for turn, image_id, description in described
        if known.setdefault(image_id, description) != description
    ]
    return found(faults, checked=bool(described))


def _described(session: ToldSession) -> list[tuple[int, str, str]]:
    """(turn, image, description) of each picture that is shared, and of the album after (turn 0)."""
    shared = [(turn.turn, image.image_id, image.description) for turn in session.turns for image in turn.images]
    return shared + [(0, image.image_id, image.description) for image in session.album_after]


def image_text(scene: Scene) -> Found:
    """The chosen image of each description scores at least what the scorer needs to take it."""
    chosen = {image.image_id: image for image in scene.history.images}
    rated = [
        (turn, image.description, pick.text_score, least)
        for turn, image in _shared(scene)
        if (pick := chosen.get(image.image_id)) is not None and (least := scene.least.of(pick.module)) is not None
    ]
    faults = [
        Fault(turn, description, f"score {score:.3f}, at least {least:g}")
        for turn, description, score, least in rated
        if score is not None and score < least
    ]
    return found(faults, checked=any(score is not None for _, _, score, _ in rated))
