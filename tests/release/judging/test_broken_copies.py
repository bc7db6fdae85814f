import pytest

from stark_udfs.release.judging.broken_copies import BrokenCopy, broken, pairs
from stark_udfs.release.judging.judge_check import broken_row
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judged import JudgedSession
from tests.stages.verdicts.given import TOLD, judged, stranger, turns

OTHERS = (stranger(),)


def copy_of(criterion: Criterion, row: JudgedSession | None = None) -> BrokenCopy:
    made = broken(row or judged(), criterion, 1, OTHERS)
    assert made is not None
    return made


def changed_in(copy: BrokenCopy) -> set[str]:
    return {name for name in JudgedSession.model_fields if getattr(copy.clean, name) != getattr(copy.broken, name)}


def said(row: JudgedSession) -> list[str]:
    return [turn.text for turn in row.turns]


def describe_broken():
    @pytest.mark.parametrize("criterion", list(Criterion))
    def it_plants_one_fault_and_the_same_one_again(criterion: Criterion):
        copy = copy_of(criterion)
        assert copy == copy_of(criterion)
        assert copy.detail
        assert [turn.turn for turn in copy.broken.turns] == list(range(1, len(copy.broken.turns) + 1))
        assert copy.broken.key == copy.clean.key

    def it_shuffles_turns_and_keeps_their_words():
        copy = copy_of(Criterion.COHERENCE)
        assert changed_in(copy) == {"turns"}
        assert said(copy.broken) != said(copy.clean)
        assert sorted(said(copy.broken)) == sorted(said(copy.clean))

    def it_lets_the_person_contradict_the_profile():
        copy = copy_of(Criterion.CONSISTENCY)
        new = [turn for turn, old in zip(copy.broken.turns, copy.clean.turns, strict=True) if turn != old]
        assert [turn.speaker for turn in new] == ["Hana Mori"]
        assert new[0].text in copy.detail.split(": ", 1)[1] or copy.detail.split(": ", 1)[1] in new[0].text

    def it_moves_an_image_to_a_turn_of_the_same_speaker():
        copy = copy_of(Criterion.IMAGE_TURN)
        place = next(turn for turn in copy.broken.turns if turn.images)
        assert place.turn == 7
        assert place.speaker == "Hana Mori"

    def it_shows_images_of_another_episode():
        (shared,) = [image for turn in copy_of(Criterion.IMAGE_DIALOGUE).broken.turns for image in turn.images]
        assert shared.description == "Snow on parked trucks beside the harbour"

    def it_exchanges_the_person_under_the_same_name():
        other = copy_of(Criterion.IMAGE_PERSONA).broken
        assert (other.name, other.age, other.residence) == ("Hana Mori", 71, "Canada")
        assert other.narrative == "I'm Hana Mori, and Hana drives."

    def it_changes_the_interval_alone():
        copy = copy_of(Criterion.TIME_INTERVAL)
        assert changed_in(copy) == {"interval"}
        assert "week" not in str(copy.broken.interval)

    def it_leaves_out_what_tells_of_the_experience():
        copy = copy_of(Criterion.EXPERIENCE)
        assert TOLD in said(copy.clean)
        assert TOLD not in said(copy.broken)

    def it_breaks_nothing_that_is_not_there():
        plain = judged(turns=turns(images=False), interval=None, experience=None)
        assert [one for one in Criterion if broken(plain, one, 1, OTHERS)] == [
            Criterion.COHERENCE,
            Criterion.CONSISTENCY,
        ]


def describe_pairs():
    def it_gives_as_many_as_were_asked_for():
        rows = [judged(episode_id=f"e-{number}", judgement_id=str(number)) for number in range(3, 9)]
        assert len(pairs(rows, Criterion.COHERENCE, 1, count=4)) == 4
        assert len({pair.clean.key for pair in pairs(rows, Criterion.TIME_INTERVAL, 1, count=6)}) == 6

    def it_plants_several_faults_in_a_session_where_there_are_few():
        found = pairs([judged()], Criterion.TIME_INTERVAL, 1, count=3)
        assert [pair.number for pair in found] == sorted({pair.number for pair in found})
        assert len({pair.detail for pair in found}) == 3
        assert len({broken_row(pair).judgement_id for pair in found}) == 3
