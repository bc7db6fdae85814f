"""Record → Spark schema and column comments: a type is written once, here it is read."""

import types
import typing
from datetime import date, datetime
from enum import Enum
from functools import cache

from pydantic import BaseModel
from pyspark.sql import types as spark

from stark_udfs.core.errors import SchemaError

SCALARS: dict[type, spark.DataType] = {
    str: spark.StringType(),
    bool: spark.BooleanType(),
    int: spark.LongType(),
    float: spark.DoubleType(),
    date: spark.DateType(),
    datetime: spark.TimestampType(),
}


@cache
def struct_type(record: type[BaseModel]) -> spark.StructType:
    """The Spark struct of a record, fields in the record's order, nullable exactly if None is allowed.

    Field comments are left out on purpose: a pandas UDF whose return schema has metadata fails in Arrow.
    """
    fields = []
    for name, field in record.model_fields.items():
        inner, nullable = _without_none(field.annotation)
        fields.append(spark.StructField(name, spark_type(inner, where=f"{record.__name__}.{name}"), nullable))
    return spark.StructType(fields)


def spark_type(annotation: object, where: str) -> spark.DataType:
    """The Spark type of one annotation.

    Raises:
        SchemaError: the annotation has none.
    """
    origin = typing.get_origin(annotation)
    if origin in (list, tuple):
        inner, nullable = _without_none(typing.get_args(annotation)[0])
        return spark.ArrayType(spark_type(inner, where), containsNull=nullable)
    if origin is dict:
        _, value = typing.get_args(annotation)
        inner, nullable = _without_none(value)
        return spark.MapType(spark.StringType(), spark_type(inner, where), valueContainsNull=nullable)
    if origin is typing.Literal and all(isinstance(value, str) for value in typing.get_args(annotation)):
        return spark.StringType()
    if isinstance(annotation, type):
        if issubclass(annotation, BaseModel):
            return struct_type(annotation)
        if issubclass(annotation, Enum) and issubclass(annotation, str):
            return spark.StringType()
        if annotation in SCALARS:
            return SCALARS[annotation]
    raise SchemaError(
        f"{where}: no Spark type for {annotation!r}. "
        f"Use one of {', '.join(t.__name__ for t in SCALARS)}, a StrEnum, a Literal of texts, a Record or another "
        "pydantic model, or a list of these."
    )


def comments(record: type[BaseModel]) -> dict[str, str]:
    """Field descriptions by field name: the comments of a table's columns."""
    return {name: field.description for name, field in record.model_fields.items() if field.description}


def _without_none(annotation: object) -> tuple[object, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(inner) == 1:
            return inner[0], len(inner) != len(typing.get_args(annotation))
    return annotation, False
