"""`stark chat`: the person types, the assistant answers and shows pictures by their paths; the memory is kept."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import console, plain, tell
from stark_udfs.cli.reading.warehouse import episode_of, reader
from stark_udfs.core.errors import ProviderError, SettingsError, StarkError
from stark_udfs.core.image_words import ASSISTANT
from stark_udfs.settings.chat_models import ModelSettings

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings
    from stark_udfs.ultron.chat import Conversation, Model


def converse(settings: "Settings", episode: str, model: str | None, typed: TextIO | None = None) -> None:
    """One session, from the first line to an empty one.

    Args:
        settings: places and models.
        episode: an id or its beginning.
        model: an adapter, or a key of `models`; None: the adapter trained last.
        typed: what the person types; None: standard input.

    Raises:
        NotFound: there is no such episode.
        SettingsError: there is nobody to talk to.
        ProviderError: the server gave no answer; what was said before is kept.
    """
    from stark_udfs.ultron.chat import Conversation, keep, person_of
    from stark_udfs.ultron.retriever import AlbumRetriever

    root = settings.storage.tables
    person = person_of(root, settings.storage.files, episode_of(reader(settings), episode))
    partner, writer = partners(settings, model)
    today = datetime.now(UTC).astimezone().date()
    talk = Conversation(person, partner, AlbumRetriever(person.album), today, seed=settings.pipeline.seed)
    screen = console()
    _greet(screen, talk)
    try:
        for line in _lines(screen, person.name, typed or sys.stdin):
            _show(screen, talk.say(line))
    finally:
        if talk.turns:
            memory = _memory(talk, writer)
            keep(root, talk, memory)
            screen.print(Text(plain(f"kept for next time: {memory}"), style="dim"))


def _memory(talk: "Conversation", writer: "Model | None") -> str:
    """The memory by its writer; a list of what was said where the writer cannot be reached either."""
    try:
        return talk.memory(writer)
    except StarkError as error:
        tell(f"the memory is a list of what was said: {error}", "yellow")
        return talk.memory(None)


def partners(settings: "Settings", model: str | None) -> tuple["Model", "Model | None"]:
    """Who answers, and who writes the memory; None: a list of what was said takes its place.

    Raises:
        SettingsError: there is nobody to talk to.
    """
    from stark_udfs.ultron.chat import Served, Trained
    from stark_udfs.ultron.model_registry.named import adapter_named, latest_adapter

    summariser = latest_adapter(settings.ultron.out, "summary")
    writer = Trained(summariser) if summariser is not None else None
    if model is not None and model in settings.models:
        served = Served(_asker(settings.models[model]))
        return served, writer or served
    if model is not None:
        return Trained(adapter_named(model, settings.tracking, settings.storage.tables)), writer
    folder = latest_adapter(settings.ultron.out, "dialogue")
    if folder is None:
        raise SettingsError(
            "there is nobody to talk to: train a model (`stark train`), or name one of `models` with a server, as "
            "--model default --target openai."
        )
    return Trained(folder), writer


def _asker(model: ModelSettings) -> Any:  # noqa: ANN401
    """Asks a server for a text."""
    import openai

    if model.provider == "offline":
        raise SettingsError(
            f"model {model.name!r} is the offline author, who writes tables but does not converse. Train a model "
            "(`stark train`), or name a server."
        )
    key = os.environ.get(model.secret) if model.secret else None
    if model.secret and not key:
        raise SettingsError(f"model {model.name!r}: {model.secret} is not set. Put the key into that variable.")
    client = openai.OpenAI(base_url=model.base_url, api_key=key or "none", timeout=model.timeout_s, max_retries=2)
    sent = {name: value for name, value in model.parameters.items() if value is not None}

    def ask(messages: list[dict[str, Any]], seed: int) -> str:
        body: dict[str, Any] = {"model": model.name, "messages": messages, "seed": seed, model.token_limit: 512, **sent}
        for name in model.without:
            body.pop(name, None)
        try:
            reply = client.chat.completions.create(**body)
        except openai.OpenAIError as error:
            raise ProviderError(
                f"model {model.name!r} at {model.base_url or 'its usual address'} gave no answer: {error}"
            ) from error
        return (reply.choices[0].message.content or "") if reply.choices else ""

    return ask


def _greet(screen: Console, talk: Any) -> None:  # noqa: ANN401
    person = talk.person
    last = f"last talk on {person.last}" if person.last else "first talk"
    screen.print(
        Text(plain(f"{person.name} and {ASSISTANT}, {talk.today}; {last}; {len(person.album)} pictures"), "bold")
    )
    if person.memory:
        screen.print(Text(plain(f"remembered: {person.memory}"), style="dim"))


def _lines(screen: Console, name: str, typed: TextIO) -> Iterator[str]:
    """What is typed, up to an empty line or the end."""
    while True:
        if typed.isatty():
            screen.print(Text(plain(f"{name}: "), style="bold cyan"), end="")
        line = typed.readline().strip()
        if not line:
            return
        yield line


def _show(screen: Console, shown: Any) -> None:  # noqa: ANN401
    if shown.text:
        screen.print(Text.assemble((f"{ASSISTANT}: ", "bold green"), plain(shown.text)), soft_wrap=True)
    for words, image in shown.images:
        where = "no picture of the album fits" if image is None else f"{image.path or 'no file'} ({image.description})"
        screen.print(Text(plain(f"  [shows: {words}] {where}"), style="green"), soft_wrap=True)
    if not shown.text and not shown.images:
        tell("the model gave an empty answer", "yellow")
