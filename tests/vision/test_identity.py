import dataclasses
from dataclasses import dataclass

import pytest

from stark_udfs.vision.clip import ClipSpec
from stark_udfs.vision.identity import facts
from stark_udfs.vision.providers import Brave
from stark_udfs.vision.sdxl import SdxlSpec, lightning


def describe_facts():
    def they_name_a_spec_and_its_parts():
        assert facts(SdxlSpec(lightning("base").base, steps=8, guidance=0.0)) == {
            "is": "SdxlSpec",
            "base": {
                "is": "SdxlBase",
                "model": "base",
                "unet": {
                    "is": "WeightFile",
                    "repository": "ByteDance/SDXL-Lightning",
                    "name": "sdxl_lightning_8step_unet.safetensors",
                },
                "trailing": True,
            },
            "steps": 8,
            "guidance": 0.0,
        }

    def they_leave_out_how_fast_and_where():
        slow = ClipSpec("clip", batch=1, half="float16", device="cpu")
        assert facts(slow) == facts(ClipSpec("clip", batch=512, half="bfloat16", device="cuda"))

    @pytest.mark.parametrize("changed", [{"model": "other"}, {"revision": "v2"}, {"processor": "p"}])
    def they_follow_what_matters(changed: dict[str, str]):
        spec = ClipSpec("clip")
        assert facts(dataclasses.replace(spec, **changed)) != facts(spec)

    def they_hold_no_secrets_name():
        assert "secret" not in str(facts(Brave(secret="MY_KEY"))).lower()

    def they_refuse_what_no_json_says():
        @dataclass(frozen=True)
        class Odd:
            part: object

        assert facts(Odd((1, "a", None))) == {"is": "Odd", "part": [1, "a", None]}
        with pytest.raises(TypeError, match="no JSON"):
            facts(Odd({1}))
