"""A user's pydantic model as a reply shape, and as the struct of a UDF."""

from functools import lru_cache
from typing import cast

from pydantic import BaseModel, RootModel, create_model
from pyspark.sql import types as spark

from stark_udfs.calls.reply.json_schema import json_schema
from stark_udfs.calls.request import FreeText
from stark_udfs.core.errors import SchemaError
from stark_udfs.core.records import ReplySchema
from stark_udfs.tables.schema import struct_type

ACCOUNT: tuple[tuple[str, spark.DataType], ...] = (
    ("error", spark.StringType()),
    ("tokens_in", spark.LongType()),
    ("tokens_out", spark.LongType()),
    ("money", spark.DoubleType()),
    ("reused", spark.BooleanType()),
)


@lru_cache(maxsize=256)
def reply_shape(model: type[BaseModel] | None) -> type[ReplySchema]:
    """The shape that a model server is asked for; None: free text. One's own rules for the model hold.

    Raises:
        SchemaError: the model has a part that no strict JSON schema or no Spark type can say.
    """
    if model is None:
        return FreeText
    if not isinstance(model, type) or not issubclass(model, BaseModel) or issubclass(model, RootModel):
        raise SchemaError(f"shape: a pydantic model with fields is needed (got {model!r}).")
    if not model.model_fields:
        raise SchemaError(f"shape: {model.__name__} has no fields, so that there is nothing to ask for.")
    shape = model if issubclass(model, ReplySchema) else _derived(model)
    json_schema(shape)
    try:
        struct_type(shape)
    except RecursionError:
        raise SchemaError(f"shape: {model.__name__} holds itself, and a column of Spark cannot.") from None
    return shape


def _derived(model: type[BaseModel]) -> type[ReplySchema]:
    made = create_model(model.__name__, __base__=(ReplySchema, model))
    made.__doc__ = model.__doc__
    return cast("type[ReplySchema]", made)


def answer_type(shape: type[ReplySchema]) -> spark.StructType:
    """The struct of a chat UDF: the shape's fields, each null where there is no answer, then what it took.

    Raises:
        SchemaError: a field of the shape has a name that this struct needs.
    """
    taken = sorted({name for name, _ in ACCOUNT} & set(shape.model_fields))
    if taken:
        raise SchemaError(f"{shape.__name__}.{taken[0]}: the UDF gives a field of that name itself. Use another.")
    fields = [spark.StructField(field.name, field.dataType) for field in struct_type(shape)]
    return spark.StructType([*fields, *(spark.StructField(name, kind) for name, kind in ACCOUNT)])
