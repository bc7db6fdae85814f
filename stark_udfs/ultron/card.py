"""The model card: what MLflow knows of a training, as a page: data versions, metrics, limits, licence."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stark_udfs.tracking.send import KEY, tracking_uri
from stark_udfs.ultron.outcome import TrainedAdapter

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

LICENCES = {  # begin of a base's id → its licence (model cards on the Hugging Face hub, November 2026)
    "meta-llama/Llama-3.2": "Llama 3.2 Community License",
    "meta-llama/Llama-3.1": "Llama 3.1 Community License",
    "Qwen/Qwen2.5-VL-7B": "Apache-2.0",
    "HuggingFaceTB/SmolVLM": "Apache-2.0",
}
LIMITS = """\
- The conversations are synthetic. A model trained on them inherits the biases of the model that wrote them.
- The paper names two genders and 19 countries; the settings of the run decide whom the data shows.
- The assistant has no persona of its own. What it remembers may be wrong, and what it advises is not checked.
- It asks for images in words; what is shown is whatever the retriever finds.
- Text of the offline author comes from templates: low losses on it say nothing about real conversations."""


@dataclass(frozen=True)
class Known:
    """What MLflow knows: of the run itself, and of evaluations that name the adapter's run."""

    metrics: Mapping[str, float]
    tables: Mapping[str, str]
    evaluations: tuple[tuple[str, Mapping[str, float]], ...] = ()
    run_id: str = ""


def write_card(settings: "Settings", folder: Path) -> Path:
    """Write `README.md` into an adapter's folder.

    Raises:
        SettingsError: no training left the folder.
    """
    facts = TrainedAdapter.read(folder)
    path = folder / "README.md"
    path.write_text(card(facts, _known(settings, facts)), encoding="utf-8")
    return path


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
        f"- MLflow run: {known.run_id or 'not sent yet'}",
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
        *(line for name, values in known.evaluations for line in ("", f"### {name}", "", *_metrics(values))),
        "",
        "## Limits",
        "",
        LIMITS,
    ]
    return "\n".join(lines) + "\n"


def _metrics(values: Mapping[str, float]) -> list[str]:
    """One row a metric; `x_low` and `x_high` are the 95 % interval of `x`."""
    wanted = sorted(name for name in values if not name.startswith("system/") and not name.endswith(("_low", "_high")))
    rows = ["| metric | value | 95 % interval |", "|---|---|---|"]
    for name in wanted:
        low, high = values.get(f"{name}_low"), values.get(f"{name}_high")
        interval = f"{low:.4g} to {high:.4g}" if low is not None and high is not None else ""
        rows.append(f"| {name} | {values[name]:.4g} | {interval} |")
    return rows


def _known(settings: "Settings", facts: TrainedAdapter) -> Known:
    """From MLflow; what the adapter itself knows where it cannot be asked."""
    if not settings.tracking.enabled:
        return Known({}, {})
    try:
        import mlflow

        uri = tracking_uri(settings.tracking, settings.storage.tables)
        client = mlflow.MlflowClient(tracking_uri=uri)
        experiment = client.get_experiment_by_name(settings.tracking.experiment)
        runs = (
            []
            if experiment is None
            else client.search_runs([experiment.experiment_id], f"tags.`{KEY}` = '{facts.run}'")
        )
        if not runs:
            return Known({}, {})
        tested = client.search_runs([experiment.experiment_id], f"tags.`stark.model` = '{facts.run}'")
    except Exception:
        return Known({}, {})
    tables = {name[6:]: value for name, value in runs[0].data.tags.items() if name.startswith("table.")}
    evaluations = tuple((str(run.info.run_name), dict(run.data.metrics)) for run in tested)
    return Known(dict(runs[0].data.metrics), tables, evaluations, str(runs[0].info.run_id))
