"""What holds for both image stages."""

import pickle

import pytest

from stark_udfs.engine.stage import ImageStage
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.pipeline import MODULES
from tests.stages.given import settings_with

SETTINGS = settings_with()


@pytest.mark.parametrize("module", [faces, images], ids=lambda module: module.TABLE.name)
def describe_stage():
    def it_is_named_as_its_module_and_its_table(module):
        stage = module.stage(SETTINGS)
        assert isinstance(stage, ImageStage)
        assert stage.name == stage.writes.name == module.__name__.removesuffix(".stage").rsplit(".", 1)[-1]
        assert stage.writes is module.TABLE

    def it_reads_tables_of_earlier_stages_only(module):
        before = [earlier.TABLE for earlier in MODULES[: MODULES.index(module)]]
        assert all(table in before for table in module.stage(SETTINGS).reads)

    def its_keys_are_fields(module):
        stage = module.stage(SETTINGS)
        fields = set(stage.writes.record.model_fields)
        assert set(stage.writes.key) | {column for column, _ in stage.writes.parents} <= fields
        assert stage.unit in stage.each.model_fields

    def it_pickles(module):
        stage = module.stage(SETTINGS)
        for part in (stage.select, stage.request, stage.parse, stage.each, stage.backend):
            assert pickle.loads(pickle.dumps(part)) is not None

    def its_select_is_its_own(module):
        select = module.stage(SETTINGS).select
        assert getattr(select, "func", select).__module__ == module.__name__

    def its_checks_have_names_of_their_own(module):
        names = [check.name for check in module.stage(SETTINGS).checks]
        assert len(set(names)) == len(names) >= 2
