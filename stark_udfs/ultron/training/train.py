"""One training in one process of one or many: model, samples, TRL's trainer, checkpoints, and where it goes on.

It reads all it needs from a `TrainingJob`, so that it runs the same by itself, under `accelerate launch`
(`ultron.training.launched`) and under Spark's TorchDistributor.
"""

import errno
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from stark_udfs.core.errors import StorageError
from stark_udfs.core.records import Record
from stark_udfs.settings.ultron import UltronSettings
from stark_udfs.ultron.training.outcome import TrainedAdapter
from stark_udfs.ultron.training.watch import die_with_driver

NOT_WRITTEN = ("No space left", "os error 28", "iostream error", "inline_container")
ADAPTER = "adapter"  # folder of what is trained, in the training's folder


class TrainingJob(Record):
    """All that a process needs to know."""

    settings: UltronSettings
    task: Literal["dialogue", "summary"] = "dialogue"
    folder: str
    train: str
    validation: str | None
    source: str
    table: str
    version: int
    samples: int
    seed: int = 42
    resume: bool = True
    watch_driver: bool = False
    tracking: str | None = None  # the spool that rank 0 writes to
    run: str = ""
    registry: str = "ultron"  # the name under which MLflow registers the adapter

    def write(self) -> Path:
        """Into the training's folder."""
        path = Path(self.folder) / "job.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2), encoding="utf-8")
        return path


def train(job: TrainingJob) -> TrainedAdapter | None:
    """Train, and keep the adapter; None in processes that are not the first.

    Raises:
        SettingsError: the model cannot be loaded or trained as the settings say.
        InputError: a sample or picture cannot be used.
        StorageError: a checkpoint cannot be written; the last whole one is kept.
    """
    import transformers

    if job.watch_driver:
        die_with_driver()
    transformers.set_seed(job.seed)
    from stark_udfs.ultron.training.models import load_for_training

    loaded = load_for_training(job.settings, text_only=job.task == "summary")
    trainer = _trainer(job, loaded)
    if trainer.is_world_process_zero():
        set_aside(Path(job.folder))
    start = last_checkpoint(Path(job.folder)) if job.resume else None
    try:
        done = trainer.train(resume_from_checkpoint=start)
    except (OSError, RuntimeError) as error:
        if could_not_write(error):
            raise StorageError(_no_room(job.folder)) from error
        raise
    metrics = {name: float(value) for name, value in done.metrics.items() if isinstance(value, int | float)}
    for entry in trainer.state.log_history:
        metrics |= {name: float(value) for name, value in entry.items() if name in ("loss", "eval_loss")}
    if not trainer.is_world_process_zero():
        return None
    facts = TrainedAdapter(
        base=job.settings.summariser.model if job.task == "summary" else job.settings.model_id,
        revision=job.settings.summariser.revision if job.task == "summary" else job.settings.revision,
        special_tokens="text" if job.task == "summary" else job.settings.special_tokens,
        task=job.task,
        table=job.table,
        version=job.version,
        source=job.source,
        samples=job.samples,
        steps=int(trainer.state.global_step),
        metrics=metrics,
        run=job.run,
        seed=job.seed,
    )
    _keep(trainer, loaded.processor, Path(job.folder) / ADAPTER, facts)
    return facts


def _trainer(job: TrainingJob, loaded: Any) -> Any:  # noqa: ANN401
    import torch
    from datasets import Dataset
    from transformers import EarlyStoppingCallback
    from trl import SFTConfig, SFTTrainer

    from stark_udfs.ultron.training.callbacks import SpoolCallback
    from stark_udfs.ultron.training.collate import Collator
    from stark_udfs.ultron.training.packing import PackingCollator, packed

    settings = job.settings
    samples = train_set = Dataset.from_file(job.train)
    collator = Collator(loaded.processor, settings.max_tokens)
    if settings.packing:
        train_set = packed(samples, collator)
    validation = Dataset.from_file(job.validation) if job.validation is not None else None
    if validation is not None and len(validation) > settings.eval_samples:
        validation = validation.shuffle(seed=job.seed).select(range(settings.eval_samples))
    callbacks: list[Any] = [] if job.tracking is None else [SpoolCallback(job.tracking, job.run)]
    if validation is not None and settings.patience is not None:
        callbacks.append(EarlyStoppingCallback(settings.patience))
    config = SFTConfig(
        output_dir=str(Path(job.folder) / "checkpoints"),
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulation,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        lr_scheduler_type="cosine",
        bf16=torch.cuda.is_available() if settings.bf16 is None else settings.bf16,
        gradient_checkpointing=settings.gradient_checkpointing,
        gradient_checkpointing_kwargs={"use_reentrant": False} if settings.gradient_checkpointing else None,
        logging_steps=1 if settings.max_steps and settings.max_steps <= 100 else 10,
        save_strategy="steps",
        save_steps=settings.save_steps,
        save_total_limit=settings.keep,
        eval_strategy="steps" if validation is not None else "no",
        eval_steps=settings.save_steps if validation is not None else None,
        load_best_model_at_end=validation is not None and settings.patience is not None,
        metric_for_best_model="eval_loss" if validation is not None else None,
        greater_is_better=False if validation is not None else None,
        report_to="none",
        remove_unused_columns=False,
        dataset_kwargs={"skip_prepare_dataset": True},
        max_length=None,
        packing=False,
        seed=job.seed,
        data_seed=job.seed,
        use_cpu=not torch.cuda.is_available(),
        disable_tqdm=not sys.stderr.isatty(),
    )
    return SFTTrainer(
        model=loaded.model,
        args=config,
        train_dataset=train_set,
        eval_dataset=validation,
        processing_class=loaded.processor,
        data_collator=PackingCollator(collator, samples) if settings.packing else collator,
        peft_config=loaded.adapter,
        callbacks=callbacks,
    )


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; None: there is none."""
    return next((str(path) for path in _checkpoints(folder) if _whole(path)), None)


def set_aside(folder: Path) -> None:
    """Rename checkpoints that were cut off in writing, so that nobody goes on from one; while nobody writes there."""
    for path in _checkpoints(folder):
        if not _whole(path):
            aside = path.with_name(f"cut-off-{path.name[11:]}")
            shutil.rmtree(aside, ignore_errors=True)
            path.rename(aside)


def _checkpoints(folder: Path) -> list[Path]:
    """Newest first."""
    made = [path for path in (folder / "checkpoints").glob("checkpoint-*") if path.name[11:].isdigit()]
    return sorted(made, key=lambda path: int(path.name[11:]), reverse=True)


def _whole(path: Path) -> bool:
    parts = ("trainer_state.json", "adapter_model.*", "rng_state*", "optimizer.pt")
    return all(any(path.glob(part)) for part in parts)


def _keep(trainer: Any, processor: Any, folder: Path, facts: TrainedAdapter) -> None:  # noqa: ANN401
    """Write the adapter beside the one before, then take its place: a full disk leaves the old one."""
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        trainer.save_model(str(fresh))
        processor.save_pretrained(str(fresh))
        facts.write(fresh)
    except (OSError, RuntimeError) as error:
        if could_not_write(error):
            raise StorageError(_no_room(str(folder.parent))) from error
        raise
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def could_not_write(error: BaseException) -> bool:
    """Whether a file could not be written, as on a full disk; safetensors and torch say it in their own words.

    Example:
        >>> could_not_write(RuntimeError("basic_ios::clear: iostream error"))
        True
    """
    told = getattr(error, "errno", None)
    return told in (errno.ENOSPC, errno.EDQUOT) or any(word in str(error) for word in NOT_WRITTEN)


def _no_room(folder: str) -> str:
    free = shutil.disk_usage(folder).free / 1e6
    return (
        f"a checkpoint could not be written into {folder}, where {free:,.1f} MB are free. What was whole is kept: "
        "make room, or lower ultron.keep, and train again; it goes on from there."
    )


def train_from_text(text: str) -> str:
    """`train` of a job as JSON; what became of it as JSON, empty in processes that are not the first."""
    import json

    done = train(TrainingJob.model_validate_json(text))
    return "" if done is None else json.dumps(asdict(done))
