"""The specs of models and of the web search that `pictures` describes."""

import dataclasses
from datetime import date

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.detector import DetectorSpec
from stark_udfs.images.models.kinds import ModelKind, PainterKind, ScorerKind
from stark_udfs.images.models.nsfw import NsfwSpec
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.providers import Brave, Commons, Openverse, Searx
from stark_udfs.images.web.proxy import Proxy
from stark_udfs.images.web.results import SearchApi, SearchTerms
from stark_udfs.images.web.search import SearchRules
from stark_udfs.settings.image_models import (
    DetectorSettings,
    NsfwSettings,
    PicturesSettings,
    QuestionPrice,
    WebSettings,
    Weights,
)
from stark_udfs.settings.kinds import Kind

# Source: api-dashboard.search.brave.com, "Search": web, images, videos and news.
BRAVE_PRICE = QuestionPrice(per_thousand=5.0, currency="USD", as_of=date(2026, 11, 22))


def painter(settings: Kind) -> PainterKind:
    """Text to image, or text and a face to image.

    Raises:
        SettingsError: the kind is none of a painter.
    """
    if not isinstance(settings, PainterKind):
        raise SettingsError(f"pictures: {settings.kind} is no kind of a painter.")
    return settings


def scorer(settings: Kind) -> ScorerKind:
    """Text against image.

    Raises:
        SettingsError: the kind is none of a scorer.
    """
    if not isinstance(settings, ScorerKind):
        raise SettingsError(f"pictures.scorer: {settings.kind} is no kind of a scorer.")
    return settings


def kinds_of(pictures: PicturesSettings) -> tuple[ModelKind, ...]:
    """The models of `pictures` that are chosen by their kind."""
    return (painter(pictures.painter), painter(pictures.personal), scorer(pictures.scorer))


def clip(settings: Weights) -> ClipSpec:
    """An embedder; also what builds an index has to use it."""
    return ClipSpec(settings.model, settings.revision)


def nsfw(settings: NsfwSettings | None) -> NsfwSpec | None:
    """Safe for work or not."""
    return None if settings is None else NsfwSpec(settings.model, settings.revision, settings.label)


def detector(settings: DetectorSettings | None) -> DetectorSpec | None:
    """Where faces are."""
    return (
        None
        if settings is None
        else DetectorSpec(settings.model, settings.revision, settings.label, settings.min_score)
    )


def search_api(settings: WebSettings) -> SearchApi | None:
    """Who is asked for pictures of the web.

    Raises:
        SettingsError: a provider that has no address of its own, and none is given.
    """
    if settings.provider is None:
        return None
    url, secret = settings.base_url, settings.secret
    match settings.provider:
        case "openverse":
            return Openverse(url or Openverse.base_url, secret=secret)
        case "wikimedia":
            return Commons(url or Commons.base_url, secret=secret)
        case "brave":
            return Brave(url or Brave.base_url, secret=secret or Brave.secret)
        case "searxng" if url:
            return Searx(url, secret=secret)
    raise SettingsError("pictures.web.base_url: must be set for searxng, to the address of your server.")


def search_terms(settings: WebSettings) -> SearchTerms:
    """What the provider costs, and how often it may be asked."""
    published = BRAVE_PRICE if settings.provider == "brave" else QuestionPrice()
    price = settings.price or published
    currency = price.currency if price.per_thousand else ""
    return SearchTerms(price.per_thousand / 1000, currency, settings.requests_per_minute)


def proxy(settings: WebSettings) -> Proxy | None:
    """Through whom the web is asked.

    Raises:
        SettingsError: the address is none of a proxy, or carries a login.
    """
    return None if settings.proxy is None else Proxy(settings.proxy, settings.proxy_secret)


def search_rules(settings: WebSettings) -> SearchRules:
    """How the provider is asked."""
    rules = SearchRules(interval_s=settings.interval_s, seconds=settings.seconds, proxy=proxy(settings))
    return rules if settings.agent is None else dataclasses.replace(rules, agent=settings.agent)


def fetch_rules(settings: WebSettings) -> FetchRules:
    """How its results are fetched."""
    rules = FetchRules(
        bytes=settings.bytes, seconds=settings.seconds, interval_s=settings.interval_s, proxy=proxy(settings)
    )
    return rules if settings.agent is None else dataclasses.replace(rules, agent=settings.agent)
