"""Bespoke Curator: one LLM class over rows in memory, online mode."""

import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from bespokelabs import curator
from pydantic import BaseModel

from bench.peers.task import read, run

NO_LIMIT = 10**9  # requests and tokens a minute


class Said(BaseModel):
    """The reply."""

    text: str


class Say(curator.LLM):  # type: ignore[misc]
    """One prompt a row."""

    response_format = Said

    def prompt(self, input: dict[str, str]) -> str:
        """The row's own words."""
        return input["user"]

    def parse(self, input: dict[str, str], response: Said) -> dict[str, str]:
        """The reply as a row."""
        return {"text": response.text}


def token_tables() -> str:
    """Where litellm ships the table that Curator counts tokens with, and downloads where it does not find it."""
    litellm = find_spec("litellm")
    assert litellm is not None and litellm.origin is not None
    return str(Path(litellm.origin).parent / "litellm_core_utils" / "tokenizers")


def main() -> None:
    """Run the task."""
    task = read()
    os.environ["TIKTOKEN_CACHE_DIR"] = token_tables()

    say = Say(
        model_name=task.model,
        backend="openai",
        system_prompt=task.system,
        generation_params={"max_tokens": task.reply_tokens},
        backend_params={
            "base_url": task.url,
            "api_key": "none",
            "max_concurrent_requests": task.in_flight,
            "max_requests_per_minute": NO_LIMIT,
            "max_tokens_per_minute": NO_LIMIT,
            "require_all_responses": False,
        },
    )
    rows = [{"user": user} for user in task.users]

    def work() -> Iterable[object]:
        return list(say(rows, working_dir=task.folder).dataset)

    run(work)


if __name__ == "__main__":
    main()
