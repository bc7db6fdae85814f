"""Settings of `episodes` and of a release."""

from typing import Literal

from pydantic import Field

from stark_udfs.settings.section import Section

Licence = Literal["CC0", "public domain", "CC BY", "CC BY-SA", "other", "unknown"]
RELEASED: tuple[Licence, ...] = ("CC0", "public domain", "CC BY", "CC BY-SA")


class EpisodesSettings(Section):
    """Which episodes make up the dataset."""

    min_sessions: int | None = Field(None, ge=1, description="null: as `sessions` has it")
    max_sessions: int | None = Field(None, ge=1, description="null: as `sessions` has it")
    flagged: Literal["leave_out", "keep"] = Field(
        "leave_out", description="an episode with a session that `moderations` flagged, where there is that table"
    )


class ReleaseSettings(Section):
    """What `stark export` writes, and on which terms."""

    name: str = Field("stark", min_length=1, description="of the dataset, in its card and its Croissant metadata")
    version: str = "1.0.0"
    licence: str | None = Field(None, description="of texts and generated pictures, as an SPDX id; null: none is named")
    creators: tuple[str, ...] = ()
    url: str | None = Field(None, description="where the dataset can be had")
    citation: str | None = Field(None, description="BibTeX, for those who cite the dataset")
    licences: tuple[Licence, ...] = Field(
        RELEASED, description="found pictures of these are released with pixels; of all others the page and a hash"
    )
    block_list: str | None = Field(
        None, description="a file of episode ids, SHA-256 of pictures, and URLs, one a line: left out of every export"
    )
    rows_per_file: int = Field(10_000, ge=1, description="of a Parquet file, about")
    shard_mb: int = Field(500, ge=1, description="of a WebDataset shard of pictures, about")
