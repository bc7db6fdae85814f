"""Shared images: not before they exist, one description each, and a picture that shows it."""

from stark_udfs.stages.consistency.found import NOTHING, Fault, Found, Scene, found
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
        for image in (*(shared for turn in session.turns for shared in turn.images), *session.album_after):
            known.setdefault(image.image_id, image.description)
    faults: list[Fault] = []
    images = [*_shared(scene), *((0, image) for image in scene.session.album_after)]
    for turn, image in images:
        if known.setdefault(image.image_id, image.description) != image.description:
            faults.append(Fault(turn, image.description, known[image.image_id]))
    return found(faults, checked=bool(images))


def image_text(scene: Scene) -> Found:
    """The chosen image of each description scores at least what the scorer needs to take it."""
    scores = {image.image_id: image.text_score for image in scene.history.images}
    rated = [(turn, image, scores.get(image.image_id)) for turn, image in _shared(scene)]
    least = scene.min_score
    if least is None or all(score is None for _, _, score in rated):
        return NOTHING
    return found(
        [
            Fault(turn, image.description, f"score {score:.3f}, at least {least:g}")
            for turn, image, score in rated
            if score is not None and score < least
        ]
    )
