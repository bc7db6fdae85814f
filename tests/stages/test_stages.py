"""What holds for every chat stage."""

import pickle

import pytest

from stark_udfs.calls.reply.json_schema import json_schema
from stark_udfs.engine.stage import ChatStage
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, PlanReply
from stark_udfs.stages.people.demographics import TABLE as PEOPLE
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import SessionReply
from tests.stages.given import settings_with

MODULES = (personas, commonsense, narratives, events, albums, sessions, summaries, image_plans)
SHAPES = (
    personas.PersonaReply,
    commonsense.InferenceReply,
    narratives.NarrativeReply,
    events.EventsReply,
    albums.AlbumReply,
    SessionReply,
    summaries.SummaryReply,
    BriefPlanReply,
    PlanReply,
)
SETTINGS = settings_with()
THE_ENGINES = {"unit_key", "provider", "run_id", "order", "place", "out", "op"}  # columns beside a record's own


def name_of(module) -> str:
    return module.__name__.removesuffix(".stage").rsplit(".", 1)[-1]


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def describe_stage():
    def it_is_named_as_its_module_and_its_table(module):
        stage = module.stage(SETTINGS)
        assert isinstance(stage, ChatStage)
        assert stage.name == stage.writes.name == name_of(module)
        assert stage.writes is module.TABLE

    def it_reads_tables_of_earlier_stages_only(module):
        before = [PEOPLE, *(earlier.TABLE for earlier in MODULES[: MODULES.index(module)])]
        assert all(table in before for table in module.stage(SETTINGS).reads)

    def its_keys_are_fields(module):
        stage = module.stage(SETTINGS)
        assert set(stage.writes.key) <= set(stage.writes.record.model_fields)
        assert {column for column, _ in stage.writes.parents} <= set(stage.writes.record.model_fields)
        assert {stage.unit, stage.order or stage.unit} <= set(stage.each.model_fields)

    def its_columns_are_not_the_engines(module):
        assert not THE_ENGINES & set(module.TABLE.record.model_fields)

    def it_pickles(module):
        stage = module.stage(SETTINGS)
        for part in (stage.select, stage.ask, stage.parse, stage.each, stage.chat):
            assert pickle.loads(pickle.dumps(part)) is not None

    def its_select_is_its_own(module):
        select = module.stage(SETTINGS).select
        assert getattr(select, "func", select).__module__ == module.__name__

    def it_names_every_setting_of_its_section(module):
        stage = module.stage(SETTINGS)
        section = type(getattr(SETTINGS, stage.name)).model_fields
        own = set(section) - set(ChatStageSettings.model_fields)
        assert own <= set(stage.settings) | set(stage.scope)

    def its_checks_have_names_of_their_own(module):
        names = [check.name for check in module.stage(SETTINGS).checks]
        assert len(set(names)) == len(names) >= 2


def describe_shapes():
    @pytest.mark.parametrize("shape", SHAPES)
    def every_field_is_described_to_the_model(shape):
        schema = json_schema(shape)
        for part in (schema, *schema.get("$defs", {}).values()):
            for name, field in part["properties"].items():
                if "$ref" not in str(field):
                    assert field.get("description"), (shape, name)
