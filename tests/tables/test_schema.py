from datetime import date
from enum import StrEnum

import pytest
from pydantic import Field
from pyspark.sql import types as spark

from stark_udfs.core.errors import SchemaError
from stark_udfs.core.records import Record
from stark_udfs.tables.schema import comments, struct_type


class Colour(StrEnum):
    RED = "red"


class Part(Record):
    name: str
    when: date | None


class Thing(Record):
    thing_id: str = Field(description="its id")
    size: int
    weight: float | None
    colour: Colour
    parts: list[Part]
    tags: tuple[str, ...]
    counts: dict[str, int]
    whole: Part | None


def describe_struct_type():
    def it_is_nullable_exactly_where_none_is_allowed():
        assert {field.name for field in struct_type(Thing) if field.nullable} == {"weight", "whole"}

    def it_maps_every_kind_of_field():
        struct = struct_type(Thing)
        assert struct["size"].dataType == spark.LongType()
        assert struct["colour"].dataType == spark.StringType()
        assert struct["parts"].dataType == spark.ArrayType(struct_type(Part), containsNull=False)
        assert struct["tags"].dataType == spark.ArrayType(spark.StringType(), containsNull=False)
        assert struct["counts"].dataType == spark.MapType(spark.StringType(), spark.LongType(), False)

    def it_carries_no_metadata_which_pandas_functions_refuse():
        assert all(field.metadata == {} for field in struct_type(Thing))

    def it_names_the_field_that_has_no_type():
        class Odd(Record):
            number: complex

        with pytest.raises(SchemaError, match=r"Odd\.number: no Spark type for <class 'complex'>"):
            struct_type(Odd)


def describe_comments():
    def it_gives_the_descriptions():
        assert comments(Thing) == {"thing_id": "its id"}
