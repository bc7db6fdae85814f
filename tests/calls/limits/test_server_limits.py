from stark_udfs.calls.limits.messages import CallLimits, WorkerReport
from stark_udfs.calls.limits.server_limits import ServerLimits, fair_shares


def failing(way: ServerLimits, now: float) -> str:
    return way.hear(WorkerReport(failed=1, detail="reset"), now)


def line(**limits) -> ServerLimits:
    return ServerLimits(CallLimits(**{"in_flight": 64, **limits}), 0.0)


def describe_fair():
    def it_shares_evenly_and_gives_what_one_does_not_want_to_the_others():
        assert fair_shares({"a": 64, "b": 64, "c": 64, "d": 64}, 64) == {"a": 16, "b": 16, "c": 16, "d": 16}
        assert fair_shares({"a": 64, "b": 2, "c": 64}, 64) == {"a": 31, "b": 2, "c": 31}
        assert sum(fair_shares({"a": 9, "b": 9, "c": 9}, 10).values()) == 10
        assert fair_shares({"a": 0, "b": 5}, 64) == {"a": 0, "b": 5}


def describe_slots():
    def it_never_lets_two_hold_one_slot():
        way = line()
        assert way.slots("a", WorkerReport(want=64)) == 64
        assert way.slots("b", WorkerReport(want=64)) == 0  # all are held still
        assert way.slots("a", WorkerReport(held=64, want=64)) == 32  # asked back
        assert way.slots("b", WorkerReport(want=64)) == 0  # not given back yet
        assert way.slots("a", WorkerReport(held=40, want=64)) == 32
        assert way.slots("b", WorkerReport(want=64)) == 24
        assert way.slots("a", WorkerReport(held=32, want=64)) == 32
        assert way.slots("b", WorkerReport(held=24, want=64)) == 32

    def it_moves_an_idle_share_to_who_is_busy():
        way = line()
        way.slots("a", WorkerReport(want=32))
        way.slots("b", WorkerReport(want=32))
        way.slots("a", WorkerReport(held=0, want=0))
        assert way.slots("b", WorkerReport(held=32, want=64)) == 64

    def it_frees_what_one_held_that_is_gone():
        way = line()
        way.slots("a", WorkerReport(want=64))
        way.leave("a")
        assert way.slots("b", WorkerReport(want=64)) == 64


def describe_429():
    def it_halves_once_for_all_calls_that_were_on_their_way():
        way = line()
        way.slots("a", WorkerReport(want=64))
        for _ in range(8):
            way.hear(WorkerReport(throttled=8), 1.0)
        assert way.allowed == 32
        way.hear(WorkerReport(throttled=1), 2.0)
        assert way.allowed == 16

    def it_grows_by_one_per_window():
        way = line()
        way.allowed = 10.0
        for _ in range(10 + 11 + 12):
            way.hear(WorkerReport(answered=1), 1.0)
        assert way.allowed == 13

    def it_never_grows_beyond_the_limit():
        way = line(in_flight=3)
        way.hear(WorkerReport(answered=1_000), 1.0)
        assert way.allowed == 3

    def it_holds_everyone_until_the_server_may_be_asked_again():
        way = line()
        way.hear(WorkerReport(throttled=1, retry_after=7.0), 10.0)
        assert way.pause_until == 17.0
        assert way.again(WorkerReport(), 0, 0, 12.0) == 5.0


def describe_the_circuit():
    def it_opens_after_so_many_failures_over_so_long():
        way = line(trip_after=5, trip_s=3.0)
        for now in (1.0, 1.1, 1.2, 1.3, 1.4, 1.5):
            failing(way, now)
        assert way.opened is None  # many, but within a moment
        failing(way, 3.0)
        assert way.opened == 3.0
        assert way.slots("a", WorkerReport(want=64)) == 1
        assert way.pause_until == 4.0

    def it_waits_longer_after_each_probe_that_fails():
        way = line(trip_after=1, trip_s=0.0)
        waits = []
        now = 1.0
        for _ in range(7):
            failing(way, now)
            waits.append(way.pause_until - now)
            now = way.pause_until
        assert waits == [1, 2, 4, 8, 16, 30, 30]

    def it_closes_with_the_first_answer():
        way = line(trip_after=1, trip_s=0.0)
        failing(way, 1.0)
        way.hear(WorkerReport(answered=1), 2.0)
        assert way.opened is None
        assert way.slots("a", WorkerReport(want=64)) == 64

    def it_gives_up_in_the_end_and_says_why():
        way = line(trip_after=1, trip_s=0.0, give_up_s=20.0)
        assert failing(way, 1.0) == ""
        assert failing(way, 21.0) == "the server has not answered for 21 s; last: reset"

    def it_is_not_opened_by_failures_between_answers():
        way = line(trip_after=5, trip_s=0.0)
        for now in range(100):
            way.hear(WorkerReport(failed=2, answered=0), now)
            way.hear(WorkerReport(answered=3), now)
        assert way.opened is None


def describe_permits():
    def it_needs_room_for_requests_and_for_tokens():
        way = line(requests_per_minute=600, tokens_per_minute=60_000)
        assert way.permits(WorkerReport(permits=5, permit_tokens=100), 1.0) == 5
        granted = way.permits(WorkerReport(permits=50, permit_tokens=1_000), 1.0)
        assert granted == 1  # the flow of tokens is spent

    def it_takes_back_what_expired():
        way = line(requests_per_minute=3)
        assert way.permits(WorkerReport(permits=9), 1.0) == 2
        assert way.permits(WorkerReport(permits=9), 30.0) == 1
        assert way.permits(WorkerReport(permits=9), 50.0) == 0
        assert way.permits(WorkerReport(permits=9, permits_back=1), 55.0) == 1
