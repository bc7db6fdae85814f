import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.settings.people import Gender, PeopleSettings
from stark_udfs.stages.people import demographics, user_table
from stark_udfs.stages.people.demographics import LOCAL_ROWS, TABLE, Demographic
from stark_udfs.stages.people.sampler import sampler
from stark_udfs.stages.people.udf import drawn_row
from stark_udfs.stages.people.user_delta import version_of
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.text.albums import AlbumsSettings
from stark_udfs.stages.text.commonsense.stage import CommonsenseSettings
from stark_udfs.stages.text.events.stage import EventsSettings
from stark_udfs.stages.text.narratives import NarrativesSettings
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.summaries import SummariesSettings
from stark_udfs.tables.schema import struct_type

HEADER = "age,gender,birthplace,residence\n"
GENDERS = tuple(
    Gender(
        word=word,
        noun=word,
        child_noun=word,
        subject="they",
        object="them",
        possessive="their",
        counts_as=word,
    )
    for word in ("male", "female")
)


def settings(**people: object) -> Settings:
    said = {"bands": [(10, 90)], "genders": GENDERS, "countries": ["Japan", "USA", "Egypt"], **people}
    return Settings(
        models={},
        people=PeopleSettings.model_validate(said),
        personas=PersonasSettings(),
        commonsense=CommonsenseSettings(),
        narratives=NarrativesSettings(),
        events=EventsSettings(),
        albums=AlbumsSettings(),
        sessions=SessionsSettings(),
        summaries=SummariesSettings(),
    )


def rows(**people: object) -> list[Demographic]:
    made = demographics.stage(settings(**people)).select({})
    assert made.columns == struct_type(Demographic).names
    return sorted((Demographic(**row.asDict()) for row in made.collect()), key=lambda row: row.demographic_id)


def csv(folder: Path, text: str, name: str = "people.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def describe_stage():
    def it_is_a_table_stage_that_reads_nothing():
        stage = demographics.stage(settings())
        assert (stage.name, stage.reads, stage.writes) == ("demographics", (), TABLE)

    def it_refuses_settings_before_spark_runs():
        with pytest.raises(SettingsError, match=r"people\.countries"):
            demographics.stage(settings(countries=["Atlantis"]))

    def it_looks_at_the_seed_the_people_and_the_counts():
        looked_at = demographics.stage(settings()).settings
        assert {"seed", "people", "population"} == set(looked_at)
        assert looked_at != demographics.stage(settings(moved_share=0.1)).settings

    def it_notices_another_content_of_the_users_file(tmp_path: Path):
        source = csv(tmp_path, HEADER)
        before = demographics.stage(settings(source=source)).settings
        assert before == demographics.stage(settings(source=source)).settings
        csv(tmp_path, HEADER + "30,male,Japan,Japan\n")
        assert before != demographics.stage(settings(source=source)).settings


@pytest.mark.usefixtures("spark")
def describe_drawn_people():
    def it_draws_as_many_as_asked_for():
        people = rows(count=300)
        assert len({person.demographic_id for person in people}) == 300
        assert {person.origin for person in people} == {"population"}
        assert {person.birthplace for person in people} == {"Japan", "United States", "Egypt"}

    def it_only_adds_when_more_are_asked_for():
        assert {row.demographic_id: row for row in rows(count=50)}.items() <= {
            row.demographic_id: row for row in rows(count=80)
        }.items()

    def it_draws_the_same_people_on_executors():
        few, many = settings(count=100, weights="uniform"), settings(count=LOCAL_ROWS + 1, weights="uniform")
        local = demographics.stage(few).select({})
        spread = demographics.stage(many).select({})
        assert spread.count() == LOCAL_ROWS + 1
        assert local.join(spread, list(Demographic.model_fields)).count() == 100
        assert spread.schema == local.schema == struct_type(Demographic)

    def it_names_the_columns_in_order():
        assert list(drawn_row(sampler(settings().people), 1, "uniform", 0)) == list(Demographic.model_fields)


@pytest.mark.usefixtures("spark")
def describe_given_people():
    def it_reads_a_csv(tmp_path: Path):
        source = csv(
            tmp_path,
            "\ufeffNote, Age,gender,birthplace,residence\n"
            'x,34,Female,USA,"Korea, Republic of"\n'
            "y,70.0,m,Japan,Bhutan\n",
        )
        people = sorted(rows(source=source), key=lambda row: row.age)
        assert [(p.age, p.gender, p.birthplace, p.residence, p.origin) for p in people] == [
            (34, "female", "United States", "South Korea", "people.csv"),
            (70, "male", "Japan", "Bhutan", "people.csv"),
        ]

    def it_reads_a_table_as_a_spreadsheet_writes_it(tmp_path: Path, caplog: pytest.LogCaptureFixture):
        text = 'Note;Age; Gender ;Birthplace;Residence\n"two\nlines";34,0;Female;Côte d\'Ivoire;Nederland\n;;;;\n'
        (tmp_path / "people.csv").write_bytes(text.encode("cp1252"))
        with caplog.at_level(logging.WARNING):
            (person,) = rows(source=str(tmp_path / "people.csv"))
        assert (person.age, person.birthplace, person.residence) == (34, "Côte d'Ivoire", "Netherlands")
        assert "it is read as Windows-1252" in caplog.text

    def it_reads_a_large_table_on_executors(tmp_path: Path):
        lines = [f"u-{number},{number % 80 + 10},f,Japan,Egypt" for number in range(user_table.LOCAL_ROWS + 1)]
        people = rows(source=csv(tmp_path, "demographic_id," + HEADER + "\n".join(lines) + "\n"))
        assert len(people) == user_table.LOCAL_ROWS + 1
        assert {person.age for person in people} == set(range(10, 90))

    def it_finds_the_bad_rows_of_a_large_table(tmp_path: Path):
        lines = "34,f,Japan,Egypt\n" * user_table.LOCAL_ROWS + "34,f,Jappan,Egypt\n34,f,Japan,Egypt,x\n"
        with pytest.raises(InputError) as caught:
            rows(source=csv(tmp_path, HEADER + lines))
        assert f"row {user_table.LOCAL_ROWS + 1}: birthplace: unknown country 'Jappan'. Nearest: Japan" in str(
            caught.value
        )
        assert f"row {user_table.LOCAL_ROWS + 2}: has 5 values for 4 columns" in str(caught.value)

    def it_keeps_a_repeated_row_once_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
        source = csv(tmp_path, HEADER + "34,male,USA,USA\n34,Male,United States,U.S.\n35,male,USA,USA\n")
        with caplog.at_level(logging.WARNING):
            assert [person.age for person in sorted(rows(source=source), key=lambda row: row.age)] == [34, 35]
        assert "1 of 3 rows repeat another row; each was kept once" in caplog.text

    def it_keeps_twins_with_ids_of_their_own(tmp_path: Path):
        source = csv(tmp_path, "demographic_id," + HEADER + "a,34,male,USA,USA\nb,34,male,USA,USA\nb,34,male,USA,USA\n")
        assert [person.demographic_id for person in rows(source=source)] == ["a", "b"]

    def it_refuses_one_id_for_two_people(tmp_path: Path):
        source = csv(tmp_path, "demographic_id," + HEADER + "a,34,male,USA,USA\nb,3,male,USA,USA\na,35,male,USA,USA\n")
        with pytest.raises(InputError, match=r"one demographic_id for different people(.|\n)*'a': rows 1, 3"):
            rows(source=source, min_age=0)

    def it_gives_the_same_id_to_the_same_content(tmp_path: Path):
        first = rows(source=csv(tmp_path, HEADER + "34,male,USA,USA\n"))
        again = rows(source=csv(tmp_path, HEADER + "50,male,USA,USA\n34,m,U.S.,usa\n", name="more.csv"))
        assert first[0].demographic_id in {person.demographic_id for person in again}

    def it_lists_every_kind_of_bad_row(tmp_path: Path):
        lines = ["34,male,USA,USA", "-3,male,USA,USA", "200,male,USA,USA", "34.5,male,USA,USA", "old,male,USA,USA"]
        lines += ["34,robot,USA,USA", "34,male,Untied States,USA", "34,male,,USA", "34,male"]
        with pytest.raises(InputError) as caught:
            rows(source=csv(tmp_path, HEADER + "\n".join(lines) + "\n"))
        message = str(caught.value)
        assert "8 of 9 rows cannot be used" in message
        assert "row 2: age: -3 is not between 0 and 120" in message
        assert "row 3: age: 200 is not between 0 and 120" in message
        assert "row 4: age: '34.5' is not a whole number of years" in message
        assert "row 5: age: 'old' is not a number" in message
        assert "row 6: gender: 'robot' is not in people.genders: male, female" in message
        assert "row 7: birthplace: unknown country 'Untied States'. Nearest: United States" in message
        assert "row 8: birthplace: is empty" in message
        assert "row 9: birthplace: is empty" in message

    def it_lists_the_first_ten(tmp_path: Path):
        with pytest.raises(InputError) as caught:
            rows(source=csv(tmp_path, HEADER + "x,male,USA,USA\n" * 30))
        assert "row 10:" in str(caught.value)
        assert "row 11:" not in str(caught.value)
        assert "and 20 more" in str(caught.value)

    def it_names_missing_columns_and_what_is_there(tmp_path: Path):
        with pytest.raises(
            InputError, match=r"has no column birthplace, residence; there are: 'age', 'gender', 'home'"
        ):
            rows(source=csv(tmp_path, "age,gender,home\n34,male,USA\n"))

    def it_refuses_a_column_that_is_there_twice(tmp_path: Path):
        with pytest.raises(InputError, match="has two columns age"):
            rows(source=csv(tmp_path, "age, age,gender,birthplace,residence\n3,4,male,USA,USA\n"))

    def it_refuses_a_table_that_is_not_there():
        with pytest.raises(InputError, match=r"cannot read nowhere\.people: .TABLE_OR_VIEW_NOT_FOUND"):
            rows(source="nowhere.people")

    @pytest.mark.parametrize(("text", "complaint"), [("", "has no column"), (HEADER, "has no rows")])
    def it_refuses_an_empty_file(tmp_path: Path, text: str, complaint: str):
        with pytest.raises(InputError, match=complaint):
            rows(source=csv(tmp_path, text))

    @pytest.mark.parametrize("name", ["none.csv", "none.parquet", "none", "no/where", "s3x://bucket/people.csv"])
    def it_refuses_what_is_not_there(tmp_path: Path, name: str):
        with pytest.raises(InputError, match=r"people\.source"):
            rows(source=name if "://" in name else str(tmp_path / name))

    def it_refuses_a_file_that_is_not_what_it_is_called(tmp_path: Path):
        with pytest.raises(InputError, match="cannot read"):
            rows(source=csv(tmp_path, HEADER, name="people.parquet"))

    def it_refuses_other_kinds_of_files(tmp_path: Path):
        with pytest.raises(InputError, match=r"neither \.csv, \.tsv, \.txt, \.xlsx nor \.parquet"):
            rows(source=csv(tmp_path, HEADER, name="people.ods"))

    @pytest.mark.parametrize("kind", ["parquet", "delta", "table"])
    def it_reads_typed_tables(tmp_path: Path, spark: SparkSession, kind: str):
        table = spark.createDataFrame(
            [(34.0, "female", "Japan", "Egypt", 7), (12.0, "male", "Egypt", "Egypt", 8)],
            "age double, gender string, birthplace string, residence string, demographic_id long",
        )
        source = SAVE[kind](table, tmp_path / "people.parquet")
        people = rows(source=source)
        assert [(p.demographic_id, p.age, p.birthplace) for p in people] == [("7", 34, "Japan"), ("8", 12, "Egypt")]
        assert {person.origin for person in people} == {source.rsplit("/", 1)[-1]}

    def it_refuses_a_view(spark: SparkSession):
        spark.range(1).createOrReplaceTempView("given_people_view")
        with pytest.raises(InputError, match="given_people_view is not a Delta table"):
            version_of(spark, "given_people_view")


def as_parquet(table: DataFrame, path: Path) -> str:
    table.write.parquet(str(path))
    return str(path)


def as_delta(table: DataFrame, path: Path) -> str:
    table.write.format("delta").save(str(path.with_suffix("")))
    return str(path.with_suffix(""))


def as_table(table: DataFrame, path: Path) -> str:
    table.write.format("delta").mode("overwrite").option("path", str(path)).saveAsTable("given_people")
    return "default.given_people"


SAVE: dict[str, Callable[[DataFrame, Path], str]] = {
    "parquet": as_parquet,
    "delta": as_delta,
    "table": as_table,
}
