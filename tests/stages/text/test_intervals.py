from datetime import date

import pytest

from stark_udfs.stages.text.events.intervals import agrees, between, date_of, days_of

START = date(2021, 3, 1)


def describe_date_of():
    def it_reads_dates_with_points_dashes_or_slashes():
        assert date_of("2021.03.05") == date_of(" 2021-3-5 ") == date_of("2021/03/05") == date(2021, 3, 5)

    @pytest.mark.parametrize("text", ["", "March 5", "2021.02.30", "2021.3", "05.03.2021", "0000.01.01"])
    def it_gives_none_for_anything_else(text: str):
        assert date_of(text) is None


def describe_days_of():
    @pytest.mark.parametrize(
        ("text", "days"),
        [
            ("3 weeks", 21),
            ("1 day", 1),
            ("a week", 7),
            ("Two days later", 2),
            ("about 2 months", 60.88),
            ("12 hours", 0.5),
            ("half a year", 182.625),
            ("1.5 years", 547.875),
            ("a few days", 3),
            ("a couple of weeks.", 14),
        ],
    )
    def it_reads_a_count_and_a_unit(text: str, days: float):
        read = days_of(text)
        assert read is not None
        assert read[0] == pytest.approx(days)

    @pytest.mark.parametrize(
        "text", ["", "soon", "some time", "3 moons", "3", "weeks", "-3 weeks", "3 weeks and 2 days"]
    )
    def it_gives_none_for_what_it_cannot_count(text: str):
        assert days_of(text) is None


def describe_agrees():
    @pytest.mark.parametrize(
        ("text", "later", "fits"),
        [
            ("3 weeks", date(2021, 3, 22), True),
            ("3 weeks", date(2021, 3, 29), True),
            ("3 weeks", date(2021, 4, 5), False),
            ("10 months", date(2021, 11, 1), True),
            ("10 months", date(2021, 7, 1), False),
            ("5 hours", START, True),
            ("5 hours", date(2021, 3, 2), True),
            ("5 hours", date(2021, 3, 4), False),
            ("30 days", date(2021, 4, 7), True),
            ("30 days", date(2021, 4, 12), False),
            ("soon", START, False),
        ],
    )
    def it_allows_a_quarter_or_one_unit(text: str, later: date, fits: bool):
        assert agrees(text, earlier=START, later=later, tolerance=0.25) is fits


def describe_between():
    @pytest.mark.parametrize(
        ("later", "words"),
        [
            (START, "a few hours"),
            (date(2021, 3, 2), "1 day"),
            (date(2021, 3, 14), "13 days"),
            (date(2021, 3, 15), "2 weeks"),
            (date(2021, 4, 25), "8 weeks"),
            (date(2021, 5, 2), "2 months"),
            (date(2022, 3, 1), "12 months"),
            (date(2024, 3, 1), "3 years"),
        ],
    )
    def it_says_the_span_in_words(later: date, words: str):
        assert between(START, later) == words

    def it_agrees_with_itself():
        for days in range(1, 1200):
            later = date.fromordinal(START.toordinal() + days)
            assert agrees(between(START, later), earlier=START, later=later, tolerance=0.25), days
