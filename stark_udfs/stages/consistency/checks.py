"""All checks of a session, by the name under which they stand in `consistency` and in `checks`."""

from collections.abc import Iterator, Mapping

from stark_udfs.stages.consistency import people, pictures, times, voices
from stark_udfs.stages.consistency.found import Checker, Found, LeastScores, Scene
from stark_udfs.stages.text.history import EpisodeHistory

UNCHECKED = LeastScores()
CHECKERS: Mapping[str, Checker] = {
    "profile": people.profile,
    "persona": people.persona,
    "event_facts": people.event_facts,
    "event_told": voices.event_told,
    "earlier_sessions": people.earlier_sessions,
    "dates": times.dates,
    "spoken_intervals": times.spoken_intervals,
    "image_order": pictures.image_order,
    "album_descriptions": pictures.album_descriptions,
    "speakers": voices.speakers,
    "summary_support": voices.summary_support,
    "image_text": pictures.image_text,
}


def examined(history: EpisodeHistory, least: LeastScores = UNCHECKED) -> Iterator[tuple[int, str, Found]]:
    """(session number, check, what it found) of every session and check that has something to look at.

    Args:
        history: an episode.
        least: what chosen images have to score.
    """
    for place, session in enumerate(history.sessions):
        scene = Scene(history, place, least)
        for name, check in CHECKERS.items():
            result = check(scene)
            if result.checked:
                yield session.session_number, name, result
