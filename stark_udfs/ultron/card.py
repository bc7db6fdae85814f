"""The model card: what MLflow knows of a training, as a page: data versions, metrics, limits, licence."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stark_udfs.core.errors import StorageError, said
from stark_udfs.tracking.send import KEY, MODEL
from stark_udfs.tracking.server import client_of, shown, tracking_uri
from stark_udfs.ultron.training.outcome import TrainedAdapter

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

LICENCES = {  # begin of a base's id → its licence (model cards on the Hugging Face hub, November 2026)
    "meta-llama/Llama-3.2": "Llama 3.2 Community License",
    "meta-llama/Llama-3.1": "Llama 3.1 Community License",
    "Qwen/Qwen2.5-VL-7B": "Apache-2.0",
    "HuggingFaceTB/SmolVLM": "Apache-2.0",
}
OF_THE_MACHINE = frozenset(  # what tells how the training went, and nothing of the model; MLflow has it all
    {"entropy", "epoch", "grad_norm", "learning_rate", "num_tokens", "tokens_per_second", "total_flos", "seconds"}
    | {"system/peak_memory_gib", "system/load", "system/gpu_peak_memory_gib"}
)
OTHER = ("_low", "_high", "_runtime", "_per_second", "_entropy", "_num_tokens")
LIMITS = """\
- The conversations are synthetic. A model trained on them inherits the biases of the model that wrote them.
- The paper names two genders and 19 countries; the settings of the run decide whom the data shows.
- The assistant has no persona of its own. What it remembers may be wrong, and what it advises is not checked.
- It asks for images in words; what is shown is whatever the retriever finds.
- Text of the offline author comes from templates: low losses on it say nothing about real conversations."""


@dataclass(frozen=True)
class Known:
    """What MLflow knows: of the run itself, and of evaluations that name the adapter's run.

    `unread`: why it could not be asked; empty: it could.
    """

    metrics: Mapping[str, float]
    tables: Mapping[str, str]
    evaluations: tuple[tuple[str, Mapping[str, float]], ...] = ()
    run_id: str = ""
    unread: str = ""


def write_card(settings: "Settings", folder: Path) -> Path:
    """Write `README.md` into an adapter's folder.

    Raises:
        SettingsError: no training left the folder.
    """
    facts = TrainedAdapter.read(folder)
    path = folder / "README.md"
    path.write_text(card(facts, _known(settings, facts)), encoding="utf-8")
    return path


def write_card_anew(settings: "Settings", adapter: Path | None) -> Path | None:
    """The card of an adapter that was evaluated, where `stark train` left it; None: it lies elsewhere, as in MLflow."""
    if adapter is None or adapter.parent.name != TrainedAdapter.read(adapter).run:
        return None
    return write_card(settings, adapter)


def card(facts: TrainedAdapter, known: Known) -> str:
    """The page."""
    licence = next(
        (name for start, name in LICENCES.items() if facts.base.startswith(start)), "see the base's own card"
    )
    metrics = known.metrics or facts.metrics
    lines = [
        "---",
        f"base_model: {facts.base}",
        "library_name: peft",
        "---",
        f"# Ultron on {facts.base}" if facts.task == "dialogue" else f"# Summariser on {facts.base}",
        "",
        "A LoRA adapter, trained to "
        + (
            "take turns in conversations and to ask for images as `<RET> <h> description </h>`."
            if facts.task == "dialogue"
            else "write the memory of a conversation over the memory before it."
        ),
        "",
        f"- base: {facts.base}, revision {facts.revision or 'newest at training time'}; licence of the base: {licence}",
        f"- special tokens: {facts.special_tokens}",
        f"- MLflow run: {known.run_id or known.unread or 'not sent yet'}",
        "",
        "## Data",
        "",
        "| table | version |",
        "|---|---|",
        *(
            f"| {name} | {version} |"
            for name, version in sorted({facts.table: str(facts.version), **known.tables}.items())
        ),
        "",
        f"{facts.samples:,} samples, {facts.steps:,} steps, seed {facts.seed}. The split is by person.",
        "",
        "## Metrics",
        "",
        *_metrics(metrics),
        *(
            ["", "As the training itself kept them; evaluations, if there are any, are missing: MLflow was not read."]
            if known.unread
            else []
        ),
        *(line for name, values in known.evaluations for line in ("", f"### {name}", "", *_metrics(values))),
        "",
        "## Limits",
        "",
        LIMITS,
    ]
    return "\n".join(lines) + "\n"


def _metrics(values: Mapping[str, float]) -> list[str]:
    """One row a metric; `x_low` and `x_high` are the 95 % interval of `x`."""
    wanted = sorted(name for name in values if name not in OF_THE_MACHINE and not name.endswith(OTHER))
    rows = ["| metric | value | 95 % interval |", "|---|---|---|"]
    for name in wanted:
        low, high = values.get(f"{name}_low"), values.get(f"{name}_high")
        interval = f"{low:.4g} to {high:.4g}" if low is not None and high is not None else ""
        rows.append(f"| {name} | {values[name]:.4g} | {interval} |")
    return rows


def _known(settings: "Settings", facts: TrainedAdapter) -> Known:
    """From MLflow; what the adapter itself knows where it cannot be asked."""
    if not settings.tracking.enabled:
        return Known({}, {}, unread="none; tracking.enabled is false")
    try:
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        return Known({}, {}, unread=f"not read; {error}: pip install 'stark-mcu[train]'")
    try:
        uri = tracking_uri(settings.tracking, settings.storage.tables)
    except StorageError as error:
        return Known({}, {}, unread=f"not read; {error}")
    try:
        return _told(client_of(uri, settings.tracking), settings.tracking.experiment, facts.run)
    except (MlflowException, SQLAlchemyError, OSError) as error:
        first = said(error).splitlines()[0][:200]
        return Known({}, {}, unread=f"not read; MLflow at {shown(uri)}: {first}")


def _told(client: Any, experiment: str, run: str) -> Known:  # noqa: ANN401
    found = client.get_experiment_by_name(experiment)
    runs = [] if found is None else client.search_runs([found.experiment_id], f"tags.`{KEY}` = '{run}'")
    if not runs:
        return Known({}, {})
    tested = client.search_runs([found.experiment_id], f"tags.`{MODEL}` = '{run}'")
    tables = {name[6:]: value for name, value in runs[0].data.tags.items() if name.startswith("table.")}
    evaluations = tuple((_title(run), dict(run.data.metrics)) for run in tested)
    return Known(dict(runs[0].data.metrics), tables, evaluations, str(runs[0].info.run_id))


def _title(run: Any) -> str:  # noqa: ANN401
    """Of an evaluation: its benchmark and split, where its name does not tell them."""
    tags, name = run.data.tags, str(run.info.run_name)
    told = " ".join(tags[one] for one in ("benchmark", "split") if one in tags)
    return name if not told or tags.get("stark.kind") else f"{told}: {name}"
