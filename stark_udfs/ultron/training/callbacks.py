"""What a training tells while it runs: losses, learning rate, tokens a second, memory; into the tracking spool."""

import sys
import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from stark_udfs.tracking.spool import Spool
from stark_udfs.tracking.system import system_metrics


class SpoolCallback(TrainerCallback):  # type: ignore[misc]  # transformers is not typed where it is not installed
    """Writes what the trainer logs; of the first process alone. Where it cannot, the training goes on untold."""

    def __init__(self, folder: str, run: str) -> None:
        self.spool = Spool(folder)
        self.run = run
        self.before: tuple[float, float] | None = None
        self.failed = False

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:  # noqa: ANN401
        """Every `logging_steps` steps."""
        if not state.is_world_process_zero:
            return
        values = {name: float(value) for name, value in (logs or {}).items() if isinstance(value, int | float)}
        now, tokens = time.monotonic(), values.get("num_tokens")
        if tokens is not None:
            if self.before is not None and tokens > self.before[1]:
                values["tokens_per_second"] = (tokens - self.before[1]) / max(1e-9, now - self.before[0])
            self.before = (now, tokens)
        step = int(state.global_step)
        self._tell(lambda: self.spool.metrics(self.run, {**values, **system_metrics()}, step=step))

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """A checkpoint is whole."""
        if state.is_world_process_zero:
            path = f"{args.output_dir}/checkpoint-{state.global_step}"
            self._tell(lambda: self.spool.tags(self.run, {"stark.checkpoint": path}))

    def _tell(self, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            if not self.failed:
                sys.stderr.write(f"what MLflow is to be told cannot be kept in {self.spool.folder}: {error}\n")
            self.failed = True
