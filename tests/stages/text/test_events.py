from datetime import date

import pytest

from stark_udfs.core.rejects import RejectReason
from stark_udfs.stages.text.events.stage import (
    Cause,
    CauseItem,
    Event,
    EventItem,
    EventSequence,
    EventsReply,
    EventsSettings,
    ask,
    parse,
)
from tests.stages.given import LIFE

BASE = EventsSettings()
PAPER = EventsSettings(interval_tolerance=None, check_order=False)


def caused(by: int, interval: str, **fields: str) -> CauseItem:
    given = {"experience_op": "add", "experience": "Hana learns to wait."}
    return CauseItem.model_validate({"id": by, "time_interval": interval, **given, **fields})


def reply(**changes: object) -> EventsReply:
    """Four good events; `third` replaces fields of the third."""
    third = EventItem(id=3, date="2021.03.26", event="Hana sells soup.", caused_by=caused(1, "3 weeks"))
    return EventsReply(
        events=[
            EventItem(id=1, date="2021.03.05", event="Hana rents a stall.", caused_by=None),
            EventItem(id=2, date="2021.03.06", event="Hana paints it.", caused_by=caused(1, "1 day")),
            third.model_copy(update=changes),
            EventItem(id=4, date="2021.06.26", event="Hana hires Leo.", caused_by=caused(3, "3 months")),
        ]
    )


def reason(settings: EventsSettings = BASE, **changes: object) -> RejectReason:
    [made] = parse(settings, 4, LIFE, [reply(**changes)])
    assert made.key == "e-1"
    assert made.detail.startswith("event 3")
    return made.reason


def describe_ask():
    def it_tells_the_life_the_span_and_the_share_of_updates():
        prompt = ask(EventsSettings(min_events=7, update_share=0.5), LIFE, [])
        assert prompt is not None
        for part in ("Hana Mori", LIFE.narrative, "7 or 8 events", "2021.01.01", "2024.04.30", "3 should be 'update'"):
            assert part in prompt.user
        assert prompt.facts == {"asked": 7, "first": "2021-01-01", "last": "2024-04-30", "update_share": 0.5}
        assert ask(BASE, LIFE, [reply()]) is None


def describe_parse():
    def it_makes_a_sequence():
        [made] = parse(BASE, 4, LIFE, [reply()])
        assert isinstance(made, EventSequence)
        assert made.events[0] == Event(event_id=1, date=date(2021, 3, 5), event="Hana rents a stall.", caused_by=None)
        assert made.events[2].caused_by == Cause(
            event_id=1, interval="3 weeks", experience_op="add", experience="Hana learns to wait."
        )

    def it_counts_events_from_one_whatever_the_reply_calls_them():
        shifted = EventsReply(
            events=[
                item.model_copy(
                    update={
                        "id": item.id * 10,
                        "caused_by": item.caused_by
                        and item.caused_by.model_copy(update={"id": item.caused_by.id * 10}),
                    }
                )
                for item in reply().events
            ]
        )
        assert parse(BASE, 4, LIFE, [shifted]) == parse(BASE, 4, LIFE, [reply()])

    def it_wants_enough_events():
        [made] = parse(BASE, 5, LIFE, [reply()])
        assert made.reason is RejectReason.TOO_FEW_EVENTS

    @pytest.mark.parametrize("day", ["26 March 2021", "2021.02.30", ""])
    def it_wants_dates_of_the_calendar(day: str):
        assert reason(date=day) is RejectReason.BAD_DATE

    def it_wants_dates_in_range_and_order():
        assert reason(date="2024.05.01") is RejectReason.DATES_OUT_OF_RANGE
        assert reason(date="2020.12.31") is RejectReason.DATES_OUT_OF_RANGE
        assert reason(date="2021.03.05") is RejectReason.DATES_OUT_OF_ORDER

    def it_wants_an_earlier_cause():
        assert reason(caused_by=None) is RejectReason.BAD_CAUSE
        assert reason(caused_by=caused(3, "1 day")) is RejectReason.BAD_CAUSE
        assert reason(caused_by=caused(4, "1 day")) is RejectReason.BAD_CAUSE

    @pytest.mark.parametrize("interval", ["3 days", "2 months", "some time", ""])
    def it_wants_an_interval_that_agrees_with_the_dates(interval: str):
        assert reason(caused_by=caused(1, interval)) is RejectReason.INTERVAL_DISAGREES

    def it_wants_an_experience_and_an_event():
        assert reason(caused_by=caused(1, "3 weeks", experience=" ")) is RejectReason.BAD_EXPERIENCE
        assert reason(event=" ") is RejectReason.MISSING_FIELD
        assert reason(event="x" * 501) is RejectReason.TOO_LONG

    def it_refuses_repeated_ids():
        [made] = parse(BASE, 4, LIFE, [reply(id=2)])
        assert made.reason is RejectReason.BAD_CAUSE

    def it_checks_neither_order_nor_intervals_where_the_paper_does_not():
        [made] = parse(PAPER, 4, LIFE, [reply(date="2021.03.01", caused_by=caused(1, "some time"))])
        assert isinstance(made, EventSequence)

    def it_gives_no_cause_to_the_first_event():
        first = reply().events[0].model_copy(update={"caused_by": caused(9, "1 day")})
        [made] = parse(BASE, 4, LIFE, [EventsReply(events=[first, *reply().events[1:]])])
        assert made.events[0].caused_by is None
