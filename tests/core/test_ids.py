import pytest

from stark_udfs.core.ids import canonical, fingerprint, rng_of, seed_of, stable_id


def describe_stable_id():
    def it_depends_on_the_parts_alone():
        assert stable_id("a", 1) == "839e11a421d370be"

    def it_keeps_parts_apart():
        assert stable_id("ab", "c") != stable_id("a", "bc")

    def it_takes_lone_surrogates():
        assert len(stable_id("\ud800")) == 16


def describe_seed_of():
    def it_lies_in_52_bits():
        assert all(0 <= seed_of("x", i) < 2**52 for i in range(100))

    def it_gives_each_row_its_own_draws():
        assert rng_of(42, "row").random() == rng_of(42, "row").random() != rng_of(43, "row").random()


def describe_canonical():
    def it_ignores_the_order_of_keys():
        assert canonical({"b": 1, "a": [True, None]}) == '{"a":[true,null],"b":1}'
        assert fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1})

    def it_refuses_what_is_not_json():
        with pytest.raises(ValueError, match="Out of range float"):
            canonical(float("nan"))
