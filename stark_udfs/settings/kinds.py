"""Sections of several kinds: `kind` says by which class the rest of the section is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from stark_udfs.core.registry import named
from stark_udfs.settings.section import Section


class Kind(Section):
    """A section whose other settings depend on its `kind`."""

    kind: str


@dataclass(frozen=True)
class Kinds:
    """The registry of one section: kind → "package.module:Class", imported when a section of that kind is read.

    The classes stand beside what they configure, which settings must not import; a class of one's own is named in a
    target by its path, in place of a kind. A section without a `kind` is of the default's.

    Example:
        ```python
        painter: Annotated[Kind, Kinds({"sdxl": "stark_udfs.images.models.sdxl:SdxlSettings"}, default="sdxl")]
        ```
    """

    paths: Mapping[str, str]
    default: str

    def __hash__(self) -> int:
        return hash((tuple(self.paths), self.default))

    def __str__(self) -> str:
        return ", ".join(self.paths)

    def named(self, kind: str) -> type[Kind]:
        """The class of a kind, or of a path.

        Raises:
            PydanticCustomError: there is no such kind, or the path leads to no such class.
        """
        try:
            found = named(self.paths, kind)
        except LookupError as error:
            raise PydanticCustomError("kind", "kind {kind}: {error}", {"kind": kind, "error": str(error)}) from None
        if not (isinstance(found, type) and issubclass(found, Kind)):
            raise PydanticCustomError("kind", "{kind} is no class of settings with a kind", {"kind": kind})
        return found

    def read(self, value: object) -> Kind:
        """The section, of the class that its kind names.

        Raises:
            ValidationError: a setting of it is wrong.
        """
        if isinstance(value, Kind):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError("kind", "must be a section with a `kind`")
        kind = str(value.get("kind", self.default))
        return self.named(kind).model_validate({**value, "kind": kind})

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.read, serialization=core_schema.plain_serializer_function_ser_schema(_dumped, info_arg=True)
        )


def _dumped(section: Kind, info: core_schema.SerializationInfo) -> dict[str, Any]:
    return section.model_dump(mode=info.mode)
