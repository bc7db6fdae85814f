"""How one stage talks to one model: resolved from settings, picklable, sent to the executors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from stark_udfs.calls.reply.json_schema import json_schema, schema_hash, schema_in_words
from stark_udfs.calls.request import ChatRequest, FreeText, Message, Prompt, sendable
from stark_udfs.core.ids import Json, seed_of
from stark_udfs.settings.chat_models import ChatStageSettings, ModelSettings
from stark_udfs.settings.run import RunSettings

FREE_TEXT = "text"  # stands for the schema in the key of a call that has none


@dataclass(frozen=True)
class CostBound:
    """The most that one call can cost: what is reserved before it is sent."""

    money: float
    tokens: int


Asked_contra = TypeVar("Asked_contra", contravariant=True)


class CallPolicy(Protocol[Asked_contra]):
    """On what terms calls are answered: what one can cost, and how long it is tried."""

    @property
    def name(self) -> str:
        """Who answers; calls to one name share its limits."""
        ...

    @property
    def attempts(self) -> int:
        """Tries of one call, the first included."""
        ...

    @property
    def call_budget_s(self) -> float:
        """Seconds for one call with all its tries."""
        ...

    def bound(self, request: Asked_contra) -> CostBound:
        """The most that `request` can cost."""
        ...

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Money for one answered call."""
        ...


@dataclass(frozen=True)
class ChatPolicy:
    """A model, the parameters a stage sends to it, and how often a bad reply is asked again."""

    model: ModelSettings
    parameters: Mapping[str, Json]
    reply_tokens: int
    reasks: int
    seed: int

    @classmethod
    def of(cls, settings: RunSettings, stage: ChatStageSettings) -> "ChatPolicy":
        """The chat of a stage: its parameters over the model's, without those that the model does not take."""
        model = settings.models[stage.model]
        merged = {**model.parameters, **stage.parameters}
        return cls(
            model=model,
            parameters={k: v for k, v in merged.items() if v is not None and k not in model.without},
            reply_tokens=stage.reply_tokens,
            reasks=stage.reasks,
            seed=settings.pipeline.seed,
        )

    @property
    def name(self) -> str:
        """The model's name on the wire."""
        return self.model.name

    @property
    def attempts(self) -> int:
        """HTTP attempts of one call, the first included."""
        return self.model.attempts

    @property
    def call_budget_s(self) -> float:
        """Seconds for one call with all its HTTP attempts."""
        return self.model.call_budget_s

    def request(
        self,
        prompt: Prompt,
        *,
        unit_key: str,
        round: int,
        redraw: int = 0,
        block: Mapping[str, Json] | None = None,
    ) -> ChatRequest:
        """The first ask of a round."""
        free = prompt.shape is FreeText
        schema = {} if free else json_schema(prompt.shape)
        user = prompt.user if free or self.model.json_schema else f"{prompt.user}\n\n{schema_in_words(schema)}"
        return ChatRequest(
            provider=self.model.provider,
            model=self.model.name,
            messages=(Message("system", sendable(prompt.system)), Message("user", sendable(user), prompt.images)),
            parameters={**self.parameters, self.model.token_limit: self.reply_tokens},
            shape_name=prompt.shape.__name__,
            json_schema=schema,
            shape_hash=FREE_TEXT if free else schema_hash(prompt.shape),
            send_schema=self.model.json_schema and not free,
            draw=seed_of(self.seed, unit_key, round, redraw),
            attempt=0,
            image_tokens=sum(image.tokens(self.model.image_tokens) for image in prompt.images),
            block=None if block is None else dict(block),
        )

    def bound(self, request: ChatRequest) -> CostBound:
        """The most that `request` can cost: its prompt, estimated high, and its whole reply limit."""
        limit = request.parameters.get(self.model.token_limit)
        reply = limit if isinstance(limit, int) else self.reply_tokens
        tokens = request.prompt_tokens
        return CostBound(money=self.cost(tokens, reply), tokens=tokens + reply)

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Money for one answered call, in the currency of the model's price."""
        return self.model.price.of_tokens(tokens_in, tokens_out)
