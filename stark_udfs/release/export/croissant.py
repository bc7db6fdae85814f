"""Croissant 1.0 metadata (mlcommons.org/croissant) of an export, as JSON-LD."""

import json
from typing import Any

from stark_udfs.release.export.card import PARTS
from stark_udfs.release.export.facts import Facts
from stark_udfs.release.export.folder import ExportedFile
from stark_udfs.sql.public_episodes import public_names

CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
INDEX_FIELDS = (
    "key",
    "index",
    "episode_id",
    "module",
    "state",
    "description",
    "sha256",
    "image_url",
    "licence",
    "creator",
)
SUMMARY_FIELDS = ("episode_id", "session_number", "summary")
TAR, PARQUET = "application/x-tar", "application/x-parquet"


def render(facts: Facts, form: str = "dataset") -> str:
    """The metadata as JSON."""
    release = facts.release
    about = "simulated, " if facts.simulated else ""
    made: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": release.name,
        "description": f"Long-term multi-modal conversations of invented people with an AI assistant ({about}{form}).",
        "version": release.version,
        "url": release.url or f"https://example.invalid/{release.name}",
        "license": f"https://spdx.org/licenses/{release.licence}.html" if release.licence else "not named",
        "creator": [{"@type": "sc:Organization", "name": name} for name in release.creators or ("not named",)],
        "datePublished": _published(facts),
        "citeAs": release.citation or f"{release.name} {release.version}",
        "isLiveDataset": False,
        "rai:dataCollection": "Written and drawn by models, or by a program where simulated; see the card.",
        "distribution": _distribution(facts),
        "recordSet": _records(facts),
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _published(facts: Facts) -> str:
    """The day of the newest run: an export of the same tables is the same export."""
    days = [str(row["run_id"])[:8] for row in facts.stages]
    newest = max((day for day in days if day.isdigit() and len(day) == 8), default="19700101")
    return f"{newest[:4]}-{newest[4:6]}-{newest[6:]}"


def _distribution(facts: Facts) -> list[dict[str, Any]]:
    objects = [_object(file) for file in facts.files]
    parts = dict.fromkeys(file.part for file in facts.files)
    return [*objects, *(_set(part) for part in parts)]


def _object(file: ExportedFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": TAR if file.path.endswith(".tar") else PARQUET,
        "sha256": file.sha256,
    }


def _set(part: str) -> dict[str, Any]:
    ending, kind = ("tar", TAR) if part in ("images", "faces") else ("parquet", PARQUET)
    return {"@type": "cr:FileSet", "@id": part, "name": part, "encodingFormat": kind, "includes": f"{part}/*.{ending}"}


def _records(facts: Facts) -> list[dict[str, Any]]:
    most = max((n for n in _session_numbers(facts)), default=6)
    fields = {"data": public_names(max(6, most)), "image_index": INDEX_FIELDS, "summaries": SUMMARY_FIELDS}
    there = {file.part for file in facts.files}
    return [
        {
            "@type": "cr:RecordSet",
            "@id": f"{part}_rows",
            "name": f"{part}_rows",
            "description": PARTS[part][1],
            "field": [_field(part, name) for name in names],
        }
        for part, names in fields.items()
        if part in there
    ]


def _session_numbers(facts: Facts) -> list[int]:
    return [int(value) for value, _ in facts.distributions.get("sessions of an episode", ()) if value.isdigit()]


def _field(part: str, name: str) -> dict[str, Any]:
    kind = "sc:Integer" if name == "session_number" else "sc:Text"
    return {
        "@type": "cr:Field",
        "@id": f"{part}_rows/{name}",
        "name": f"{part}_rows/{name}",
        "dataType": kind,
        "source": {"fileSet": {"@id": part}, "extract": {"column": name}},
    }
