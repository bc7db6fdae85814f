import pytest

from stark_udfs.calls.limits.broker import LOST_S, Broker, UnknownWorker
from stark_udfs.calls.limits.messages import AskCounts, CallLimits, WorkerReport
from stark_udfs.settings.run import LimitsSettings
from tests.calls.asks import model


def broker(stage: str = "loaves", **limits) -> Broker:
    one = Broker()
    one.begin(stage, "baker-1", CallLimits(**{"in_flight": 8, **limits}), 0.0)
    return one


def describe_exchange():
    def it_adds_up_what_all_askers_count():
        one = broker()
        for worker in ("a", "b"):
            one.join(worker, "loaves", 0.0)
            one.exchange(worker, WorkerReport(in_flight=3, counts=AskCounts(asked=2, done=1, money=0.5)), 1.0)
        counts = one.counts("loaves")
        assert (counts.asked, counts.done, counts.money, counts.in_flight) == (4, 2, 1.0, 6)

    def it_takes_a_silent_asker_for_dead_and_does_not_listen_to_it_again():
        one = broker()
        one.join("a", "loaves", 0.0)
        one.exchange("a", WorkerReport(want=8), 0.0)
        one.join("b", "loaves", LOST_S + 1)
        assert one.exchange("b", WorkerReport(want=8), LOST_S + 1).slots == 8
        with pytest.raises(UnknownWorker, match="counts as dead"):
            one.exchange("a", WorkerReport(), LOST_S + 2)

    def it_knows_no_stage_that_has_not_begun():
        with pytest.raises(UnknownWorker, match="cakes"):
            broker().join("a", "cakes", 0.0)

    def it_keeps_the_rate_of_a_model_from_stage_to_stage():
        one = broker(requests_per_minute=60)
        one.join("a", "loaves", 0.0)
        assert one.exchange("a", WorkerReport(want=8, permits=2), 0.0).permits == 2
        one.begin("cakes", "baker-1", CallLimits(in_flight=8, requests_per_minute=60), 0.1)
        one.join("b", "cakes", 0.1)
        assert one.exchange("b", WorkerReport(want=8, permits=2), 0.1).permits == 1


def describe_money():
    def it_stops_when_the_next_call_would_pass_the_cap():
        one = broker(money=1.0)
        one.join("a", "loaves", 0.0)
        assert one.exchange("a", WorkerReport(money_needed=0.8, money_least=0.8), 0.0).money == 0.8
        waiting = one.exchange("a", WorkerReport(in_flight=1, money_needed=0.8, money_least=0.8), 1.0)
        assert (waiting.money, waiting.stop) == (0.0, "")  # what is in flight may come back
        grant = one.exchange("a", WorkerReport(money_spent=0.7, money_back=0.1, money_needed=0.8, money_least=0.8), 2.0)
        assert grant.stop.startswith("budget: 0.7000 spent of 1.0000")

    def it_takes_the_smaller_of_two_budgets():
        limits = LimitsSettings(budget=5.0, stage_budget=2.0)
        assert CallLimits.of(model(), limits, run_spent=1.0, stage_spent=0.5).money == 1.5
        assert CallLimits.of(model(), limits, run_spent=4.5, stage_spent=0.5).money == 0.5
        assert CallLimits.of(model(), limits, run_spent=9.0, stage_spent=0.0).money == 0.0
        assert CallLimits.of(model(), LimitsSettings(), run_spent=9.0, stage_spent=0.0).money is None


def describe_rejects():
    def it_stops_a_stage_that_mostly_rejects_for_one_reason():
        one = broker(stop_rejects=0.5, stop_after=50)
        one.join("a", "loaves", 0.0)
        few = WorkerReport(counts=AskCounts(rejected=30, done=10, reasons={"refused": 30}))
        assert one.exchange("a", few, 1.0).stop == ""
        more = WorkerReport(counts=AskCounts(done=10))
        assert "30 of 50 units of loaves were rejected for refused" in one.exchange("a", more, 2.0).stop

    def it_goes_on_where_the_reasons_differ():
        one = broker(stop_rejects=0.5, stop_after=50)
        one.join("a", "loaves", 0.0)
        mixed = WorkerReport(counts=AskCounts(rejected=60, done=0, reasons={"refused": 30, "not_json": 30}))
        assert one.exchange("a", mixed, 1.0).stop == ""


def describe_stop():
    def it_reaches_everyone_and_the_first_reason_stays():
        one = broker()
        for worker in ("a", "b"):
            one.join(worker, "loaves", 0.0)
        one.exchange("a", WorkerReport(stop="401"), 1.0)
        one.stop("stopped by the user")
        assert one.exchange("b", WorkerReport(), 2.0).stop == "401"


def describe_claim():
    def it_gives_a_bucket_to_one_attempt_at_a_time():
        one = broker()
        one.join("first", "loaves", 0.0)
        one.join("copy", "loaves", 0.0)
        assert one.claim("first", 3, 1.0)
        assert one.claim("first", 3, 1.0)
        assert not one.claim("copy", 3, 2.0)
        assert one.claim("copy", 4, 2.0)
        one.leave("first")
        assert one.claim("copy", 3, 3.0)

    def it_frees_the_buckets_of_one_whose_heart_stopped():
        one = broker()
        one.join("first", "loaves", 0.0)
        one.claim("first", 3, 0.0)
        one.join("copy", "loaves", LOST_S)
        assert not one.claim("copy", 3, LOST_S)
        assert one.claim("copy", 3, LOST_S + 1)


def describe_static_shares():
    def it_divides_rates_slots_and_money():
        limits = CallLimits(in_flight=64, requests_per_minute=600, tokens_per_minute=6_000, money=2.0)
        share = limits.shared_by(4)
        assert (share.in_flight, share.requests_per_minute, share.tokens_per_minute, share.money) == (
            16,
            150,
            1_500,
            0.5,
        )
        assert CallLimits(in_flight=2).shared_by(4) == CallLimits(in_flight=1)


def describe_lock():
    def it_serves_many_threads():
        import threading

        broker = Broker()
        broker.begin("loaves", "baker-1", CallLimits(in_flight=8, money=100.0))

        def work(name: str) -> None:
            broker.join(name, "loaves")
            for _ in range(300):
                grant = broker.exchange(name, WorkerReport(want=2, money_needed=0.1, money_least=0.1))
                assert grant.slots <= 8
                broker.exchange(name, WorkerReport(money_spent=grant.money, counts=AskCounts(asked=1)))

        threads = [threading.Thread(target=work, args=(f"task-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert broker.counts("loaves").asked == 1_200
        assert broker.stages["loaves"].budget.spent == pytest.approx(100.0, abs=20.1)
