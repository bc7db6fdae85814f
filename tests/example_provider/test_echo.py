"""A provider that nothing else in the project knows of: probed, asked by a stage on Spark, billed, and asked once."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs import load_settings, run
from stark_udfs.calls.providers.client import provider_of
from stark_udfs.core.errors import NotAuthorised, SettingsError
from stark_udfs.engine.preflight import check_model
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.settings.chat_models import PROVIDERS, ModelSettings
from stark_udfs.stages.people import demographics
from stark_udfs.tables.tables import Tables
from tests.example_provider.echo import ECHO
from tests.example_stage import hobbies

PATH = "tests.example_provider.echo:ECHO"


def describe_a_provider_in_one_file():
    def it_is_asked_by_a_stage_and_then_free(spark: SparkSession, tmp_path: Path):
        model = f"{{provider: '{PATH}', name: echo, secret: PATH, price: {{input: 1000000, output: 2000000}}}}"
        places = [f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files", "people.count=5"]
        settings = load_settings("base", overrides=[*places, f"models.default={model}"])
        stages = (demographics.stage(settings), hobbies.stage(settings, hobbies.HobbiesSettings()))
        first = run(stages, settings, spark).stages[-1]
        assert (first.calls, first.rows_out, first.money) == (5, 5, 5 * (7 + 3 * 2))
        tables = Tables(spark, settings.storage)
        assert tables.read(hobbies.TABLE).where("hobby = 'it, echoed'").count() == 5
        assert tables.read(REPLIES).where(f"provider = '{PATH}' AND model_returned = 'echo-1'").count() == 5
        assert run(stages, settings, spark).stages[-1].calls == 0

    def its_key_is_missed_before_the_run():
        with pytest.raises(NotAuthorised, match="echo needs a `secret` that is set"):
            check_model(ModelSettings(provider=PATH, name="echo", secret="ECHO_KEY"), secrets=lambda name: None)

    def it_is_found_by_one_line_in_the_registry():
        with_echo = {**PROVIDERS, "echo": PATH}
        assert provider_of(ModelSettings.model_construct(provider="echo", name="echo"), with_echo) is ECHO


def describe_the_registry():
    @pytest.mark.parametrize("name", PROVIDERS)
    def every_line_leads_to_a_provider(name: str):
        provider = provider_of(ModelSettings(provider=name, name="m"))
        assert provider.reads_rows == (name == "offline")

    def a_name_that_is_not_there_is_refused_with_those_that_are():
        with pytest.raises(SettingsError, match=r"provider: no such provider\. Known: offline, openai, azure"):
            load_settings("base", overrides=["models.default.provider=opnai"])

    @pytest.mark.parametrize(
        ("path", "says"), [("nowhere:X", "cannot be imported"), ("stark_udfs.core.ids:Json", "is no provider")]
    )
    def a_path_that_leads_nowhere_is_said(path: str, says: str):
        with pytest.raises(SettingsError, match=says):
            provider_of(ModelSettings(provider=path, name="m"))
