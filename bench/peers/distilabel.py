"""distilabel: one text generation step over rows in memory."""

from collections.abc import Iterable

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import StepResources
from distilabel.steps.tasks import TextGeneration

from bench.peers.task import Task, read, run

REPLICAS = 2  # processes of the step: while one waits for its batch, the other prepares or hands on its own
AHEAD = 4  # windows that are laid ready, so that no replica waits for rows


def pipeline_of(task: Task) -> Pipeline:
    """The pipeline; a replica has one batch in flight at a time."""
    with Pipeline(name="bench", cache_dir=task.folder) as pipeline:
        TextGeneration(
            llm=OpenAILLM(
                model=task.model,
                base_url=task.url,
                api_key="none",
                generation_kwargs={
                    "max_new_tokens": task.reply_tokens,
                    "extra_body": {"response_format": task.response_format},
                },
            ),
            system_prompt=task.system,
            input_batch_size=task.in_flight // REPLICAS,
            resources=StepResources(replicas=REPLICAS),
            add_raw_input=False,
            add_raw_output=False,
        )
    return pipeline


def main() -> None:
    """Run the task."""
    task = read()
    pipeline = pipeline_of(task)
    rows = [{"instruction": user} for user in task.users]

    def work() -> Iterable[object]:
        found = pipeline.run(dataset=rows, dataset_batch_size=AHEAD * task.in_flight, use_cache=False)
        return list(found["default"]["train"]["generation"])

    run(work)


if __name__ == "__main__":
    main()
