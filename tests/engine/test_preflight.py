from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError, NotAuthorised, StorageError, Unreachable
from stark_udfs.engine.preflight import check_model, check_people, check_pictures, check_storage, models_of
from stark_udfs.settings.load import load
from stark_udfs.settings.sections import ModelSettings
from stark_udfs.stages.pipeline import stages

CONF = Path(__file__).parents[2] / "conf"


def describe_check_storage():
    def it_makes_the_folders_and_leaves_them_empty(tmp_path: Path):
        check_storage(load(CONF, "demo", [f"storage.tables={tmp_path}/a/tables", f"storage.files={tmp_path}/b"]))
        assert list((tmp_path / "a/tables").iterdir()) == list((tmp_path / "b").iterdir()) == []

    def it_names_the_setting_whose_place_cannot_be_written(tmp_path: Path):
        (tmp_path / "file").write_text("")
        settings = load(CONF, "demo", [f"storage.tables={tmp_path}/file/tables", f"storage.files={tmp_path}/files"])
        with pytest.raises(StorageError, match=r"^storage.tables: .* cannot be written"):
            check_storage(settings)

    def it_leaves_a_catalog_to_spark(tmp_path: Path):
        check_storage(load(CONF, "demo", ["storage.tables=main.stark", f"storage.files={tmp_path}/files"]))


def describe_check_people():
    def it_takes_drawn_people_and_table_names_as_they_are():
        check_people(load(CONF, "demo"))
        check_people(load(CONF, "demo", ["people.source=main.people.profiles"]))

    def it_misses_a_file(tmp_path: Path):
        with pytest.raises(InputError, match=r"people\.source: there is no .*nobody\.csv"):
            check_people(load(CONF, "demo", [f"people.source={tmp_path}/nobody.csv"]))


def describe_check_pictures():
    def it_needs_nothing_for_drawings():
        check_pictures(load(CONF, "demo").pictures, secrets=lambda name: None)

    def it_names_the_key_that_a_search_needs():
        settings = load(CONF, "demo", ["pictures.provider=models", "pictures.web.provider=brave"])
        with pytest.raises(NotAuthorised, match="BRAVE_API_KEY, which is not set"):
            check_pictures(settings.pictures, secrets=lambda name: None)
        check_pictures(settings.pictures, secrets=lambda name: "x")


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
        assert [model.name for model in models_of(stages(load(CONF, "demo")))] == ["offline-author-1"]
