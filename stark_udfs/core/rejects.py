"""Why a row was dropped: one enum for the whole project, each reason with its origin."""

from enum import StrEnum

from pydantic import Field

from stark_udfs.core.records import Record


class Origin(StrEnum):
    """Where a rule comes from."""

    PAPER = "paper"  # the paper names it
    CODE = "code"  # the authors' public code does it
    OURS = "ours"
    SAFETY = "safety"


class RejectReason(StrEnum):
    """Why a row was dropped; `origin` says whose rule it is."""

    # the reply as a whole
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    REFUSED = "refused"
    CONTENT_FILTER = "content_filter"
    CONTEXT_LENGTH = "context_length"
    BAD_REQUEST = "bad_request"
    # items of a reply
    MISSING_FIELD = "missing_field"
    WRONG_KEY = "wrong_key"
    VALUE_NOT_IN_SENTENCE = "value_not_in_sentence"
    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near_duplicate"
    NAME_MISSING = "name_missing"
    TOO_FEW_EVENTS = "too_few_events"
    BAD_DATE = "bad_date"
    DATES_OUT_OF_ORDER = "dates_out_of_order"
    DATES_OUT_OF_RANGE = "dates_out_of_range"
    BAD_CAUSE = "bad_cause"
    INTERVAL_DISAGREES = "interval_disagrees"
    BAD_EXPERIENCE = "bad_experience"
    TOO_FEW_SESSIONS = "too_few_sessions"
    TOO_MANY_SESSIONS = "too_many_sessions"
    TOO_FEW_TURNS = "too_few_turns"
    UNKNOWN_SPEAKER = "unknown_speaker"
    UNKNOWN_ALBUM_IMAGE = "unknown_album_image"
    NO_DESCRIPTION = "no_description"
    UNKNOWN_SOURCE = "unknown_source"
    NOTHING_USABLE = "nothing_usable"
    REPETITIVE = "repetitive"
    UNPROVED = "unproved"
    # pictures
    NO_MODULE = "no_module"
    NO_PICTURE = "no_picture"
    NOT_ONE_FACE = "not_one_face"
    NO_LICENCE = "no_licence"
    NSFW = "nsfw"
    LOW_SCORE = "low_score"
    # safety
    NO_FACE = "no_face"
    REAL_PERSON = "real_person"
    UNSAFE_ADVICE = "unsafe_advice"
    WITHHELD_MINOR = "withheld_minor"

    @property
    def origin(self) -> Origin:
        """Whose rule this is."""
        return ORIGINS.get(self, Origin.OURS)


ORIGINS = {
    RejectReason.NOT_JSON: Origin.CODE,
    RejectReason.WRONG_SHAPE: Origin.CODE,
    RejectReason.MISSING_FIELD: Origin.CODE,
    RejectReason.WRONG_KEY: Origin.CODE,
    RejectReason.VALUE_NOT_IN_SENTENCE: Origin.CODE,
    RejectReason.DUPLICATE: Origin.PAPER,
    RejectReason.NOTHING_USABLE: Origin.CODE,
    RejectReason.TOO_FEW_SESSIONS: Origin.PAPER,
    RejectReason.TOO_MANY_SESSIONS: Origin.PAPER,
    RejectReason.TOO_FEW_TURNS: Origin.CODE,
    RejectReason.REPETITIVE: Origin.PAPER,
    RejectReason.NSFW: Origin.PAPER,
    RejectReason.LOW_SCORE: Origin.PAPER,
    RejectReason.NO_FACE: Origin.SAFETY,
    RejectReason.REAL_PERSON: Origin.SAFETY,
    RejectReason.UNSAFE_ADVICE: Origin.SAFETY,
    RejectReason.WITHHELD_MINOR: Origin.SAFETY,
}


class Reject(Record):
    """A row that was not made, and why."""

    reason: RejectReason
    detail: str = Field(default="", description="what was found, at most 500 characters")
    key: str = Field(default="", description="the key the dropped row would have had, or its place in the reply")
