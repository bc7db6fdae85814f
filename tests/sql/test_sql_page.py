"""The queries of docs/sql.md run as they stand there, and both engines give the same answers."""

import re
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.sql.spark import SparkSql
from tests.cli import small

PAGE = (Path(__file__).parents[2] / "docs" / "sql.md").read_text("utf-8")
QUERIES = re.findall(r"## \d+\. ([^\n]+)\n\n```sql\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(small.write(tmp_path_factory.mktemp("asked")))


def plain(value: object) -> object:
    """Numbers and dates that the engines type differently."""
    if isinstance(value, bool | str | date) or value is None:
        return value
    return round(float(str(value)), 9)


def describe_the_page():
    def it_has_twenty_questions():
        assert len(QUERIES) == 20
        assert len({question for question, _ in QUERIES}) == 20

    def its_queries_give_the_same_answers_on_both_engines(tables: str, spark: SparkSession):
        duck, other = DuckSql(tables), SparkSql(spark, tables)
        for question, query in QUERIES:
            first, second = duck.ask(query), other.ask(query)
            assert first.columns == second.columns, question
            assert [tuple(map(plain, row)) for row in first.rows] == [tuple(map(plain, row)) for row in second.rows], (
                question
            )

    def most_of_them_have_an_answer_in_the_smallest_warehouse(tables: str):
        duck = DuckSql(tables)
        assert sum(bool(duck.ask(query).rows) for _, query in QUERIES) >= 18
