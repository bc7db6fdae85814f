import json
import random
from dataclasses import replace

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.demo.author.author import UNWRITTEN, answer
from stark_udfs.demo.author.block import Block
from stark_udfs.settings.chat_models import Defects
from tests.demo.author.people import seed

ROW = seed("Preference > Food", random.Random(1))


def asked(**changed: object) -> Block:
    return Block.of({"stage": "personas", "unit_key": "u1", "round": 0, "draw": 7, "attempt": 0, "row": ROW} | changed)


def describe_answer():
    def it_is_json_in_the_form_of_the_stage():
        said = answer(asked())
        assert said.finish_reason == "stop"
        assert len(json.loads(said.text)["personas"]) == 30

    def it_depends_on_the_draw_and_on_nothing_else():
        assert answer(asked()) == answer(asked())
        assert answer(asked()) != answer(asked(draw=8))

    def it_draws_the_defect_of_a_reask_anew():
        shares = Defects(truncated=0.5)
        reasons = {answer(asked(attempt=attempt), shares).finish_reason for attempt in range(12)}
        assert reasons == {"stop", "length"}

    def it_refuses_a_refused_unit_whatever_the_attempt():
        assert answer(asked(), Defects(refusal=1)) == answer(asked(attempt=1), Defects(refusal=1))

    def it_fits_the_schema_of_a_stage_that_nobody_wrote_for():
        schema = {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "string"}}}}
        reply = json.loads(answer(replace(asked(stage="poems"), schema=schema)).text)
        assert all(isinstance(line, str) for line in reply["lines"])

    def it_says_that_it_is_offline_where_any_text_will_do():
        assert answer(asked(stage="poems")).text == UNWRITTEN


def describe_block():
    @pytest.mark.parametrize("part", ["stage", "unit_key", "row"])
    def it_says_which_part_is_missing(part: str):
        block = {"stage": "personas", "unit_key": "u1", "row": ROW}
        del block[part]
        with pytest.raises(InputError, match=part):
            Block.of(block)

    @pytest.mark.parametrize("wrong", [{"row": "x"}, {"round": "one"}, {"replies": 3}, {"facts": [1]}])
    def it_refuses_parts_of_another_type(wrong: dict[str, object]):
        with pytest.raises(InputError):
            asked(**wrong)
