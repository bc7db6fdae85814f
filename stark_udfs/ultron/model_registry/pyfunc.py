"""The trained model as MLflow keeps it: a dialogue in, a turn out, with the picture where an album is given."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.pyfunc import PythonModel

from stark_udfs.core.image_words import ASSISTANT, read_turn
from stark_udfs.tracking.server import mlflow_at
from stark_udfs.ultron.generate import Sampling, Ultron
from stark_udfs.ultron.retriever import AlbumRetriever, FoundImage
from stark_udfs.ultron.samples import of_dialogue

FORM_ALONE = "STARK_MODEL_FORM_ALONE"  # environment, while a model is logged: beside the trained one no second has room
SERVED = Path(__file__).with_name("served.py")
EXAMPLE = {
    "name": "Hana Mori",
    "session_date": "2024-02-01",
    "memory": "Hana flew kites with her brother at the coast.",
    "face": None,
    "turns": json.dumps([{"speaker": "Hana Mori", "text": "Do you remember the kite?", "images": []}]),
    "speaker": ASSISTANT,
    "album": json.dumps([{"image_id": "1", "description": "a red kite over the sea", "path": "images/1.png"}]),
}


class UltronModel(PythonModel):  # type: ignore[misc]  # mlflow is not typed where it is not installed
    """Answers rows of name, session_date, memory, face, turns, speaker and album.

    `turns` is JSON: a list of speaker, text and images (each with a description). `album` is JSON: a list of image_id,
    description and path; empty or null: nothing is looked for.
    """

    def load_context(self, context: Any) -> None:  # noqa: ANN401
        """Load base and adapter; once per process, and not where MLflow only checks the form of the example."""
        self.ultron = None if os.environ.get(FORM_ALONE) else Ultron.load(context.artifacts["adapter"])

    def predict(self, context: Any, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401
        """A frame of text, description (of the image that is asked for), image_id and path; null where there is none.

        params: temperature, max_new_tokens, seed.
        """
        import pandas as pd

        given = dict(params or {})
        sampling = Sampling(
            temperature=float(given.get("temperature", 0.9)), max_new_tokens=int(given.get("max_new_tokens", 512))
        )
        answers = []
        for row in model_input.to_dict("records"):
            sample, said = _sample(row), ""
            if self.ultron is not None:
                said = self.ultron.answer([sample], sampling=sampling, seed=int(given.get("seed", 0)))[0]
            answers.append(_answer(said, row.get("album")))
        return pd.DataFrame(answers, columns=["text", "description", "image_id", "path"])


def _sample(row: Mapping[str, Any]) -> Any:  # noqa: ANN401
    turns = json.loads(row["turns"]) if row.get("turns") else []
    told = {"interval": None, "memory": row.get("memory"), "face": row.get("face"), "context": turns}
    return of_dialogue(
        {**told, "name": row["name"], "session_date": row["session_date"], "speaker": row.get("speaker") or ASSISTANT}
    )


def _answer(said: str, album: str | None) -> dict[str, str | None]:
    text, descriptions = read_turn(said)
    wanted = descriptions[0] if descriptions else None
    found = []
    if wanted is not None and album:
        images = [
            FoundImage(str(one["image_id"]), str(one["description"]), one.get("path")) for one in json.loads(album)
        ]
        found = AlbumRetriever(images).search(wanted, 1)
    first = found[0] if found else None
    return {
        "text": text,
        "description": wanted,
        "image_id": first.image_id if first else None,
        "path": first.path if first else None,
    }


@contextmanager
def _form_alone() -> Iterator[None]:
    os.environ[FORM_ALONE] = "1"
    try:
        yield
    finally:
        del os.environ[FORM_ALONE]


def log_adapter(client: Any, run_id: str, entry: Mapping[str, Any]) -> None:  # noqa: ANN401
    """Log and register a trained adapter in a run: the `model` of `tracking.send.send`."""
    import logging

    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    logging.getLogger("mlflow").setLevel(logging.ERROR)
    inputs = Schema([ColSpec("string", name, required=name in ("name", "session_date", "turns")) for name in EXAMPLE])
    outputs = Schema(
        [ColSpec("string", name, required=name == "text") for name in ("text", "description", "image_id", "path")]
    )
    params = ParamSchema(
        [
            ParamSpec("temperature", "double", 0.9),
            ParamSpec("max_new_tokens", "long", 512),
            ParamSpec("seed", "long", 0),
        ]
    )
    with mlflow_at(client.tracking_uri), mlflow.start_run(run_id=run_id), _form_alone():
        mlflow.pyfunc.log_model(
            name="ultron",
            python_model=str(SERVED),
            artifacts={"adapter": entry["folder"]},
            signature=ModelSignature(inputs, outputs, params),
            input_example=pd.DataFrame([EXAMPLE]),
            registered_model_name=entry["registry"],
            code_paths=[str(Path(__file__).parents[2])],
            pip_requirements=[
                "mlflow",
                "torch",
                "torchvision",
                "transformers",
                "peft",
                "pillow",
                "pyarrow",
                "fsspec",
                "pydantic",
                "pandas",
            ],
        )
