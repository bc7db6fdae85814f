import pytest

from bench.scale.million import growth
from bench.scale.paper import Rates, Size, Tariff, asked, hours_in_flight, lines, markdown
from bench.scale.usage import Asked, Per, Stored, Usage
from stark_udfs.settings.chat_models import BatchSettings, Price
from stark_udfs.stages.pipeline import load_settings

USAGE = Usage(
    counts={Per.EPISODE: 20, Per.SESSION: 100, Per.IMAGE: 300},
    asked={"events": Asked(1, 500, 400), "sessions": Asked(1, 2000, 600), "image_plans": Asked(1.05, 800, 100)},
    stored={"episodes": Stored(1, 15_000), "images": Stored(3, 900)},
    modules={"t2i": 0.5, "web": 0.5},
    picture_files=2.0,
)
SIZE = Size(episodes=929, sessions=4_645, images=9_290)  # of 1,000, 5,000 and 10,000 that are begun
SETTINGS = load_settings("openai")
TARIFF = Tariff("openai", "small", Price(input=1.0, output=2.0), BatchSettings())


def _figures(what):
    found = lines(USAGE, SETTINGS, [TARIFF], Rates(), (SIZE, SIZE.times(100)))
    return next(line.figures for line in found if line.what == what)


def describe_asked():
    def it_counts_each_stage_by_what_it_grows_with():
        work = asked(USAGE, SETTINGS, SIZE)
        assert work.calls == pytest.approx(1_000 + 5_000 + 10_500)
        assert work.tokens_in == pytest.approx(500_000 + 10_000_000 + 8_000_000)
        assert work.tokens_out == pytest.approx(400_000 + 3_000_000 + 1_000_000)

    def it_takes_the_calls_of_personas_from_the_settings():
        usage = Usage(USAGE.counts, {"personas": Asked(1.1, 550, 1100)}, {}, {}, 0)
        work = asked(usage, SETTINGS, SIZE)
        assert work.calls == 367  # 1,000 episodes, 3 sentences of a call, a tenth to spare
        assert work.tokens_in == pytest.approx(367 * 500)


def describe_lines():
    def it_prices_tokens_live_and_by_batch():
        assert _figures("USD, small, live") == ("27", "2,730")
        assert _figures("USD, small, by batch") == ("14", "1,365")

    def it_tells_hours_files_and_gigabytes():
        assert _figures("hours, 1,200 calls a minute") == ("0.2", "23")
        assert _figures("GPU hours, images without the person, painted once") == ("0.4", "41")
        assert _figures("picture files") == ("21,000", "2.1 million")
        assert _figures("pictures, GB") == ("4.4", "437")
        assert _figures("rows of all tables") == ("31,000", "3.1 million")

    def it_says_of_every_line_where_it_comes_from():
        table = lines(USAGE, SETTINGS, [TARIFF], Rates(), (SIZE,))
        assert all(line.source for line in table)
        assert markdown(table, ("here",)).splitlines()[2] == "| episodes | 929 | paper, Table 1 |"


def describe_hours_in_flight():
    def it_shares_the_waiting_among_the_calls_in_flight():
        assert hours_in_flight(64 * 3600, 2.0, 64) == 2.0


def describe_growth():
    def it_is_the_slope_of_log_time_without_the_fixed_cost():
        before = {"size": 10, "cpu_s": 2.0, "fixed_cpu_s": 1.0, "wall_s": 3.0, "fixed_wall_s": 1.0}
        after = {"size": 1000, "cpu_s": 101.0, "fixed_cpu_s": 1.0, "wall_s": 2001.0, "fixed_wall_s": 1.0}
        assert growth(before, after) == {"cpu_exponent": 1.0, "wall_exponent": 1.5, "ok": True}

    def it_is_told_only_once_there_are_two_sizes():
        assert growth(None, {"size": 10}) == {}
