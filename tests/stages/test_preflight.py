from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError, NotAuthorised
from stark_udfs.settings.image_models import PicturesSettings, WebSettings
from stark_udfs.settings.people import PeopleSettings
from stark_udfs.stages.preflight import check_people, check_pictures


def describe_check_people():
    def it_takes_drawn_people_and_table_names_as_they_are():
        check_people(PeopleSettings())
        check_people(PeopleSettings(source="main.people.profiles"))

    def it_reads_a_file_before_spark_starts(tmp_path: Path):
        (tmp_path / "people.csv").write_text("age;gender;home\n")
        with pytest.raises(InputError, match="has no column birthplace, residence"):
            check_people(PeopleSettings(source=f"{tmp_path}/people.csv"))

    def it_misses_a_file(tmp_path: Path):
        with pytest.raises(InputError, match=r"people\.source: there is no .*nobody\.csv"):
            check_people(PeopleSettings(source=f"{tmp_path}/nobody.csv"))


def describe_check_pictures():
    def it_needs_nothing_for_drawings():
        check_pictures(PicturesSettings(), secrets=lambda name: None)

    def it_names_the_key_that_a_search_needs():
        pictures = PicturesSettings(provider="models", web=WebSettings(provider="brave"))
        with pytest.raises(NotAuthorised, match="BRAVE_API_KEY, which is not set"):
            check_pictures(pictures, secrets=lambda name: None)
        check_pictures(pictures, secrets=lambda name: "x")
