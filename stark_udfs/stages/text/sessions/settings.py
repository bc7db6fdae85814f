"""Settings of `sessions`."""

from typing import Literal

from pydantic import Field

from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar


class SessionsSettings(ChatStageSettings):
    """Multi-session conversations."""

    parameters: dict[str, Scalar] = Field({"temperature": 0.9, "top_p": 1.0})
    reply_tokens: int = Field(4096, ge=1)
    min_sessions: int = Field(4, ge=1, description="fewer sessions than this: the episode is dropped")
    max_sessions: int = Field(6, ge=1, description="sessions of an episode, one per event")
    more_events: Literal["cut", "drop"] = Field(
        "cut", description="an episode with more events than `max_sessions`: the first ones count, or it is dropped"
    )
    history: Literal["events", "transcript"] = "transcript"
    history_tokens: int = Field(
        3000, ge=0, description="of earlier sessions in a prompt, newest first, estimated at 4 characters each"
    )
    brief: Literal["off", "sampled"] = "sampled"
    turns_mean: float = Field(10.5, gt=2, description="of a sampled brief (paper, realised: 10.5)")
    images_mean: float = Field(1.86, ge=0, description="of a sampled brief (paper, realised: 1.86)")
    internet_share: float = Field(0.608, ge=0, le=1, description="of shared images (paper: 0.608)")
    reuse_share: float = Field(0.25, ge=0, le=1, description="of mobile images, those that come from the album; ours")
    check_speakers: bool = True
    check_album: bool = True
    check_advice: bool = True
