from pathlib import Path

import pytest

from stark_udfs.core.errors import NotAuthorised, StorageError, Unreachable
from stark_udfs.engine.preflight import check_model, check_storage, models_of
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.stages.pipeline import load_settings, stages

CONF = Path(__file__).parents[2] / "conf"


def describe_check_storage():
    def it_makes_the_folders_and_leaves_them_empty(tmp_path: Path):
        check_storage(
            load_settings(
                "demo", conf=CONF, overrides=[f"storage.tables={tmp_path}/a/tables", f"storage.files={tmp_path}/b"]
            )
        )
        assert list((tmp_path / "a/tables").iterdir()) == list((tmp_path / "b").iterdir()) == []

    def it_names_the_setting_whose_place_cannot_be_written(tmp_path: Path):
        (tmp_path / "file").write_text("")
        settings = load_settings(
            "demo", conf=CONF, overrides=[f"storage.tables={tmp_path}/file/tables", f"storage.files={tmp_path}/files"]
        )
        with pytest.raises(StorageError, match=r"^storage.tables: .* cannot be written"):
            check_storage(settings)

    def it_leaves_a_catalog_to_spark(tmp_path: Path):
        check_storage(
            load_settings("demo", conf=CONF, overrides=["storage.tables=main.stark", f"storage.files={tmp_path}/files"])
        )


def describe_check_model():
    def it_needs_nothing_for_the_embedded_author():
        check_model(ModelSettings(provider="offline", name="offline-author-1"))

    def it_tells_which_secret_is_not_set():
        model = ModelSettings(name="m", base_url="http://127.0.0.1:9/v1", secret="A_KEY")
        with pytest.raises(NotAuthorised, match="A_KEY is not set"):
            check_model(model, secrets=lambda _name: None)

    def it_tells_where_nobody_answers():
        model = ModelSettings(name="m", base_url="http://127.0.0.1:9/v1")
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/v1/?: nobody answers"):
            check_model(model)


def describe_models_of():
    def it_names_each_model_once():
        assert [model.name for model in models_of(stages(load_settings("demo", conf=CONF)))] == ["offline-author-1"]
