"""What is said of batches that are with a vendor, and by whom they are answered."""

from collections.abc import Iterable

from stark_udfs.calls.batch_store import BatchPlan, BatchStore, SentBatch
from stark_udfs.calls.moderation import ModerationPolicy
from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.providers.batch_api import BatchApi
from stark_udfs.calls.providers.client import Access, BatchProvider, provider_of
from stark_udfs.calls.providers.remote_batch import RemoteBatch
from stark_udfs.core.errors import GuardStopped, SettingsError
from stark_udfs.engine.context import Context
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.settings.chat_models import ModelSettings

TOO_MANY = "token_limit_exceeded"  # the vendor's word for more waiting tokens than an account may have


def batch_api_of(model: ModelSettings) -> BatchApi:
    """The model's batch API.

    Raises:
        SettingsError: its provider has none.
    """
    provider = provider_of(model)
    if not isinstance(provider, BatchProvider):
        raise SettingsError(f"model {model.name!r}: provider {model.provider} has no batch API. Run without --batch.")
    return provider.batches(model, Access())


def has_batches(chat: ChatPolicy) -> bool:
    """Whether these calls can go through a batch API; whether the model's server has one, only asking it tells.

    A model inside this process has none, and costs nothing; moderation endpoints cost nothing either.
    """
    provider = provider_of(chat.model)
    inside = provider.inside(chat.model) or isinstance(chat, ModerationPolicy)
    return isinstance(provider, BatchProvider) and not inside


def model_of(plan: BatchPlan, models: Iterable[ModelSettings]) -> ModelSettings:
    """The model that a batch was sent to, as the settings have it now.

    Raises:
        SettingsError: they have it no more.
    """
    for model in models:
        if (model.name, model.base_url) == (plan.model, plan.base_url):
            return model
    raise SettingsError(
        f"stage {plan.stage}: a batch with {plan.calls:,} calls was sent to model {plan.model!r} at "
        f"{plan.base_url or 'its vendor'}, which `models` has no more. Put it back, or give the batch up: "
        f"stark batch cancel {plan.stage} --forget."
    )


def none_under_way(context: Context, stage: AnyChatStage) -> None:
    """See to it that no call of the stage is with a vendor.

    Raises:
        GuardStopped: one is: asked in another way it would be paid for twice.
    """
    sent = BatchStore(context.settings.storage.files).sent(stage.name)
    if sent:
        raise GuardStopped(
            f"{under_way(stage.name, sent)}: asked now as well, they would be paid for twice. "
            f"`stark run --batch` waits for them, `stark batch cancel {stage.name}` ends them."
        )


def under_way(stage: str, sent: Iterable[SentBatch]) -> str:
    """What is with the vendor, in words."""
    plans = [one.plan for one in sent]
    calls, files = sum(plan.calls for plan in plans), len(plans)
    what = "1 call is" if calls == 1 else f"{calls:,} calls are"
    return f"stage {stage}: {what} under way in {files} {'batches' if files > 1 else 'batch'}"


def refused(plan: BatchPlan, remote: RemoteBatch) -> str:
    """Why the run ends with a batch that was not begun."""
    out = f" Set models.<name>.batch.tokens below what model {plan.model!r} may have waiting."
    return (
        f"batch {remote.id} with {plan.calls:,} calls was refused before it began, nothing was paid: "
        f"{remote.problem or 'no reason given'}.{out if TOO_MANY in remote.problem else ''}"
    )
