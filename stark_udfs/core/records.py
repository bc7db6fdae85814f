"""Records: a type is written once; Spark schema, JSON schema, DDL and docs follow from it."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A row, or a struct inside a row. A field is nullable exactly if its type allows None."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_enum_values=False)


class ReplySchema(BaseModel):
    """What a model is asked to reply: sent as JSON schema, checked on the way back.

    Give a field a default where one bad item should become one reject instead of a re-ask of the whole reply:
    the schema that a server sees names every field as required all the same.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
