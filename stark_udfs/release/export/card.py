"""The dataset card: Markdown with the YAML head that the Hugging Face hub and `datasets` read."""

import re
from collections.abc import Iterable, Sequence

import yaml

from stark_udfs.release.export.facts import Facts
from stark_udfs.settings.splits import SPLITS

PARTS = {  # part → (configuration, what it is)
    "data": ("default", "one row per episode in the public schema: lists are JSON texts"),
    "episodes": ("nested", "the same episodes with typed, nested columns"),
    "image_index": ("image_index", "one row per picture: licence, source, hash, shard"),
    "summaries": ("summaries", "what is remembered after each session"),
    "probes": ("probes", "questions about the memory of an episode"),
    "messages": ("messages", "one row per session: chat messages with image parts"),
}
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
SIZES = ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
STATES = {
    "pixels": "released with pixels",
    "page": "licence not on the list: page and SHA-256 only",
    "hash": "licence not on the list, no page known: SHA-256 only",
    "missing": "no file: key is empty",
    "damaged": "file does not hold what its row says: key is empty",
    "foreign": "no path of the store: key is empty",
    "blocked": "on the block list: left out",
}


def render(facts: Facts, form: str = "dataset") -> str:
    """The card of an export."""
    parts = [
        _head(facts),
        _first_line(facts),
        "",
        f"# {_safe(facts.release.name)}",
        "",
        *_what(facts, form),
        *_numbers(facts),
        *_pictures(facts),
        *_origin(facts),
        *_limits(facts),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _first_line(facts: Facts) -> str:
    if facts.simulated:
        return (
            "**Simulated: text and pictures are by a program that fills templates and draws, not by models.** "
            f"They show the form of the data and measure nothing. Providers: {', '.join(facts.providers)}."
        )
    return "Texts and generated pictures of this dataset were made by models; the people in it do not exist."


def _head(facts: Facts) -> str:
    configs = []
    for part, (name, _) in PARTS.items():
        splits = dict.fromkeys(file.split for file in facts.files if file.part == part)
        if splits:
            files = [{"split": split, "path": f"{part}/{split}-*.parquet"} for split in SPLITS if split in splits]
            configs.append(
                {"config_name": name, "data_files": files, **({"default": True} if name == "default" else {})}
            )
    episodes = facts.episodes
    head = {
        "pretty_name": facts.release.name,
        "license": (facts.release.licence or "other").lower(),
        **({} if facts.release.licence else {"license_name": "not-named"}),
        "language": ["en"],
        "size_categories": [next((name for most, name in SIZES if episodes < most), "n>1M")],
        "tags": [
            "synthetic",
            "conversational",
            "multi-modal",
            "long-term-memory",
            *(["simulated"] if facts.simulated else []),
        ],
        "configs": configs,
    }
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n"


def _what(facts: Facts, form: str) -> list[str]:
    there = [(part, *PARTS[part]) for part in PARTS if any(file.part == part for file in facts.files)]
    rows = [(f"`{part}/`", name, says) for part, name, says in there]
    rows += [
        (f"`{part}/`", "WebDataset", "pictures, and what the tables say of each")
        for part in ("images", "faces")
        if any(file.part == part for file in facts.files)
    ]
    load = "messages" if form == "messages" else "default"
    return [
        "Long-term conversations of invented people with an AI assistant, over months, in which both share pictures.",
        "",
        "## Files",
        "",
        *_table(("folder", "configuration", "holds"), rows),
        "",
        "`SHA256SUMS` has the checksum of every file (`sha256sum -c SHA256SUMS`), `croissant.json` the metadata, "
        "`stark-export.json` the list of files and the table versions.",
        "",
        "```python",
        "from datasets import load_dataset",
        f'episodes = load_dataset("path/to/this/folder", "{load}")',
        "```",
        "",
    ]


def _numbers(facts: Facts) -> list[str]:
    rows = [(split, f"{number:,}") for split, number in facts.splits.items()]
    shares = [
        line
        for name, values in facts.distributions.items()
        for line in (f"**{_safe(name)}**: " + ", ".join(f"{_safe(value)} {number:,}" for value, number in values), "")
        if values
    ]
    each = facts.sessions or 1
    return [
        "## Numbers",
        "",
        *_table(("split", "rows"), rows),
        "",
        f"In all {facts.sessions:,} sessions, {facts.turns:,} turns ({facts.turns / each:.2f} a session), "
        f"{facts.images_shared:,} shared images ({facts.images_shared / each:.2f} a session), "
        f"{facts.images_missing:,} of them without a picture. Counted before the block list.",
        "",
        "Splits go by the person's profile (age, gender, birthplace, residence): no person, and no two people of one "
        "profile, are in two splits. A picture that was found can be in two.",
        "",
        *shares,
        *(_left_out(facts)),
    ]


def _left_out(facts: Facts) -> list[str]:
    told = ", ".join(f"{number:,} for `{reason}`" for reason, number in facts.left_out.items())
    lines = [f"Episodes left out: {told or 'none'}. Entries on the block list: {facts.blocked:,}.", ""]
    if facts.rejects:
        rows = [(stage, reason, f"{number:,}") for stage, reason, number in facts.rejects]
        lines += ["Rows that a stage did not make:", "", *_table(("stage", "reason", "rows"), rows), ""]
    return lines


def _pictures(facts: Facts) -> list[str]:
    rows = [(part, STATES.get(state, state), f"{number:,}") for (part, state), number in sorted(facts.pictures.items())]
    licences = ", ".join(facts.release.licences) or "none"
    return [
        "## Pictures and licences",
        "",
        *_table(("part", "how released", "pictures"), rows),
        "",
        f"Pixels are released of generated pictures, and of found ones under: {licences}. A key that begins with "
        "`url:` has no pixels here; `image_index` gives page and SHA-256. Creator, licence and page of each are in "
        "`image_index` and beside it in its shard: CC BY and CC BY-SA ask you to name them.",
        "",
        "Generated files carry an XMP packet with IPTC's digital source type: `trainedAlgorithmicMedia` for models, "
        "`algorithmicMedia` for drawings by a program.",
        "",
        f"Licence of texts and generated pictures: {facts.release.licence or 'none is named; ask who published this'}.",
        "",
    ]


def _origin(facts: Facts) -> list[str]:
    stages = [
        (
            row["stage"],
            row["state"],
            f"{row['rows_out']:,}",
            f"{row['open']:,}",
            row["stage_hash"],
            str(facts.versions.get(row["stage"], "")),
        )
        for row in facts.stages
    ]
    calls = [
        (
            row["stage"],
            row["provider"],
            _safe(row["model_returned"]),
            f"{row['calls']:,}",
            f"{row['tokens_in']:,}",
            f"{row['tokens_out']:,}",
            f"{row['money']:.4f}",
        )
        for row in facts.calls
    ]
    prices = [
        (
            name,
            _safe(model.name),
            str(model.price.input),
            str(model.price.output),
            model.price.currency,
            str(model.price.as_of or ""),
        )
        for name, model in facts.prices.items()
    ]
    return [
        "## How it was made",
        "",
        f"By the pipeline of Stark on Spark, seed {facts.seed}. `hash` is of a stage's prompts, code and "
        "settings; `version` is that of its Delta table.",
        "",
        *_table(("stage", "state", "rows", "open", "hash", "version"), stages),
        "",
        "Calls that were paid or answered:",
        "",
        *_table(("stage", "provider", "model", "calls", "tokens in", "tokens out", "money"), calls),
        "",
        "Prices as set, per million tokens:",
        "",
        *_table(("model", "name", "in", "out", "currency", "as of"), prices),
        "",
    ]


def _limits(facts: Facts) -> list[str]:
    cite = (
        ["## Citation", "", "```bibtex", _safe(facts.release.citation).replace("```", ""), "```", ""]
        if facts.release.citation
        else []
    )
    return [
        "## Limits and ethics",
        "",
        "- The people are invented. A name, a face or an experience may by chance be like a real one; write to the "
        "publisher, and the episode goes onto the block list of the next version.",
        "- Nobody under 18 is shown. Sessions of minors may be in the text.",
        "- Models repeat the prejudices of what they were trained on: compare shares by gender, age, country.",
        "- Texts touch on health, politics and social questions; nothing in them is advice.",
        "- Dates, causes and memories agree by construction as far as the checks of the pipeline go, not beyond them.",
        "- All text is a model's: treat it as untrusted input where you show it.",
        "",
        *cite,
    ]


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(names)} |",
        f"|{'---|' * len(names)}",
        *(f"| {' | '.join(_safe(cell) for cell in row)} |" for row in rows),
    ]


def _safe(text: object) -> str:
    """One line without markup: values come from tables, and tables from models."""
    flat = " ".join(UNPRINTABLE.sub("\ufffd", str(text)).split())
    return re.sub(r"([|<>\[\]])", r"\\\1", flat) if not flat.startswith("`") else flat.replace("|", "\\|")
