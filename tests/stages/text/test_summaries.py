from datetime import date

from stark_udfs.core.rejects import RejectReason
from stark_udfs.stages.text.sessions.turns import SharedImage, Turn
from stark_udfs.stages.text.summaries import (
    SummariesSettings,
    Summary,
    SummaryInput,
    SummaryReply,
    SummarySession,
    ask,
    parse,
)

BASE = SummariesSettings()
IMAGE = SharedImage(
    image_id="i-1", reused=False, description="A red tram in fog.", rationale="", source="internet", keywords=[]
)


def chapter(number: int, interval: str | None) -> SummarySession:
    return SummarySession(
        session_number=number,
        session_date=date(2021, 3, number),
        interval=interval,
        turns=[
            Turn(turn=1, speaker="Hana Mori", text=f"Day {number} was long.", images=[]),
            Turn(turn=2, speaker="AI Assistant", text="", images=[IMAGE]),
        ],
    )


ROW = SummaryInput(episode_id="e-1", name="Hana Mori", sessions=[chapter(1, None), chapter(2, "1 day")])
FIRST = SummaryReply(summary="Hana opened her stall and was tired; they looked at a red tram.")
SECOND = SummaryReply(summary="A day later she hired Leo and planned a party by the river.")


def describe_ask():
    def it_begins_without_a_memory():
        prompt = ask(BASE, ROW, [])
        assert prompt is not None
        for part in ("Session 1, 2021.03.01", "Hana Mori: Day 1 was long.", "AI Assistant shares an image: A red tram"):
            assert part in prompt.user
        assert "Memory so far" not in prompt.user
        assert prompt.facts["previous"] is None

    def it_goes_on_from_the_memory_the_interval_and_the_last_date():
        prompt = ask(BASE, ROW, [FIRST])
        assert prompt is not None
        for part in (FIRST.summary, "The last session was on 2021.03.01; 1 day passed since.", "Day 2 was long."):
            assert part in prompt.user
        assert prompt.facts == {
            "session": {
                "session_number": 2,
                "date": "2021-03-02",
                "interval": "1 day",
                "turns": [
                    {"speaker": "Hana Mori", "text": "Day 2 was long.", "images": []},
                    {"speaker": "AI Assistant", "text": "", "images": ["A red tram in fog."]},
                ],
            },
            "previous": FIRST.summary,
        }

    def it_ends_with_the_last_session():
        assert ask(BASE, ROW, [FIRST, SECOND]) is None

    def it_passes_over_a_memory_that_cannot_be_used():
        prompt = ask(BASE, ROW, [SummaryReply(summary="")])
        assert prompt is not None
        assert "Memory so far" not in prompt.user


def describe_parse():
    def it_makes_one_row_per_session():
        assert parse(BASE, ROW, [FIRST, SECOND]) == [
            Summary(episode_id="e-1", session_number=1, summary=FIRST.summary),
            Summary(episode_id="e-1", session_number=2, summary=SECOND.summary),
        ]

    def it_rejects_a_near_copy_of_the_memory_before():
        _, made = parse(BASE, ROW, [FIRST, SummaryReply(summary=FIRST.summary.upper() + "!")])
        assert (made.reason, made.key) == (RejectReason.REPETITIVE, "e-1:2")

    def it_rejects_what_says_nothing_or_too_much():
        empty, endless = parse(BASE, ROW, [SummaryReply(summary="\x00"), SummaryReply(summary="and " * 1000)])
        assert (empty.reason, endless.reason) == (RejectReason.EMPTY, RejectReason.TOO_LONG)
