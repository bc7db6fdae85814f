import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import pytest

from stark_udfs.images.model_fingerprint import fingerprint_facts
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.sdxl import SdxlSettings
from stark_udfs.images.web.providers import Brave


def describe_facts():
    def they_name_a_spec_and_its_parts():
        assert fingerprint_facts(SdxlSettings(model="base").spec()) == {
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
        assert fingerprint_facts(slow) == fingerprint_facts(ClipSpec("clip", batch=512, half="bfloat16", device="cuda"))

    @pytest.mark.parametrize("changed", [{"model": "other"}, {"revision": "v2"}, {"processor": "p"}])
    def they_follow_what_matters(changed: dict[str, str]):
        spec = ClipSpec("clip")
        assert fingerprint_facts(dataclasses.replace(spec, **changed)) != fingerprint_facts(spec)

    def they_hold_no_secrets_name():
        assert "secret" not in str(fingerprint_facts(Brave(secret="MY_KEY"))).lower()

    def they_refuse_what_no_json_says():
        @dataclass(frozen=True)
        class Odd:
            kind: ClassVar[str] = "Odd"

            part: object

        assert fingerprint_facts(Odd((1, "a", None))) == {"is": "Odd", "part": [1, "a", None]}
        with pytest.raises(TypeError, match="no JSON"):
            fingerprint_facts(Odd({1}))

    def they_call_a_spec_by_its_kind_and_not_by_its_class():
        @dataclass(frozen=True)
        class Renamed:
            kind: ClassVar[str] = "ClipSpec"

            model: str

        assert fingerprint_facts(Renamed("clip")) == fingerprint_facts(ClipSpec("clip"))

    def they_refuse_a_spec_without_a_kind():
        @dataclass(frozen=True)
        class Nameless:
            part: int

        with pytest.raises(TypeError, match="Nameless has no kind"):
            fingerprint_facts(Nameless(1))
