"""NVIDIA Data Designer: one text column over a seed table in memory."""

from collections.abc import Iterable

import pandas as pd
from data_designer import config as dd
from data_designer.interface import DataDesigner

from bench.peers.task import Task, read, run

LONGEST_GROUP = 5_000  # rows: the most that its documentation speaks of


def columns_of(task: Task) -> dd.DataDesignerConfigBuilder:
    """The seed table and the column.

    A text column with the schema in the request: a structured column takes only replies inside a Markdown fence.
    """
    parameters = dd.ChatCompletionInferenceParams(
        max_parallel_requests=task.in_flight,
        max_tokens=task.reply_tokens,
        extra_body={"response_format": task.response_format},
    )
    model = dd.ModelConfig(
        alias="bench", model=task.model, provider="stub", inference_parameters=parameters, skip_health_check=True
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=pd.DataFrame({"user": list(task.users)})))
    builder.add_column(
        dd.LLMTextColumnConfig(name="said", prompt="{{ user }}", system_prompt=task.system, model_alias="bench")
    )
    return builder


def main() -> None:
    """Run the task."""
    task = read()
    builder = columns_of(task)
    provider = dd.ModelProvider(name="stub", endpoint=task.url, api_key="none")
    designer = DataDesigner(artifact_path=task.folder, model_providers=[provider])
    designer.set_run_config(
        dd.RunConfig(
            buffer_size=min(len(task.users), LONGEST_GROUP),
            jinja_rendering_engine=dd.JinjaRenderingEngine.NATIVE,
            otel_metrics_port=None,
            preserve_dropped_columns=False,
        )
    )

    def work() -> Iterable[object]:
        return list(designer.create(builder, num_records=len(task.users)).load_dataset()["said"])

    run(work)


if __name__ == "__main__":
    main()
