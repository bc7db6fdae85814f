"""The specs of models and of the web search that `pictures` describes."""

import dataclasses
from datetime import date

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models import ip_adapter, photomaker
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.detector import DetectorSpec
from stark_udfs.images.models.ip_adapter import IpAdapterSpec
from stark_udfs.images.models.nsfw import NsfwSpec
from stark_udfs.images.models.photomaker import PhotoMakerSpec
from stark_udfs.images.models.scorers import PICKSCORE, ClipScoreSpec, PickScoreSpec
from stark_udfs.images.models.sdxl import SdxlBase, SdxlSpec
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.web.fetch import FetchRules
from stark_udfs.images.web.providers import Brave, Commons, Openverse, Searx
from stark_udfs.images.web.proxy import Proxy
from stark_udfs.images.web.results import SearchApi, SearchTerms
from stark_udfs.images.web.search import SearchRules
from stark_udfs.settings.image_models import (
    DetectorSettings,
    DrawingSettings,
    NsfwSettings,
    PainterSettings,
    PersonalSettings,
    QuestionPrice,
    ScorerSettings,
    WebSettings,
    WeightFileSettings,
    Weights,
)

# Source: api-dashboard.search.brave.com, "Search": web, images, videos and news.
BRAVE_PRICE = QuestionPrice(per_thousand=5.0, currency="USD", as_of=date(2026, 11, 22))


def base_of(settings: DrawingSettings) -> SdxlBase:
    """The parts of a painter of Stable Diffusion XL."""
    return SdxlBase(
        settings.model,
        revision=settings.revision,
        vae=None if settings.vae is None else settings.vae.model,
        vae_revision=None if settings.vae is None else settings.vae.revision,
        vae_precision=settings.vae_precision,
        compile=settings.compile,
    )


def painter(settings: PainterSettings) -> SdxlSpec:
    """Text to image."""
    base = dataclasses.replace(
        base_of(settings),
        variant=settings.variant,
        unet=None if settings.unet is None else weight_file(settings.unet),
        trailing=settings.unet is not None,
    )
    return SdxlSpec(base, steps=settings.steps, guidance=settings.guidance)


def personal(settings: PersonalSettings) -> PhotoMakerSpec | IpAdapterSpec:
    """Text and a face to image."""
    base = dataclasses.replace(base_of(settings), variant=settings.variant, half=settings.half)
    published = photomaker.WEIGHTS if settings.method == "photomaker" else ip_adapter.WEIGHTS
    weights = published if settings.weights is None else weight_file(settings.weights)
    if settings.method == "photomaker":
        return PhotoMakerSpec(
            base,
            weights,
            steps=settings.steps,
            guidance=settings.guidance,
            style_strength=settings.style_strength,
        )
    return IpAdapterSpec(base, weights, steps=settings.steps, guidance=settings.guidance, scale=settings.scale)


def clip(settings: Weights) -> ClipSpec:
    """An embedder; also what builds an index has to use it."""
    return ClipSpec(settings.model, settings.revision)


def scorer(settings: ScorerSettings, embedder: ClipSpec) -> ClipScoreSpec | PickScoreSpec:
    """Text against picture; without a model of its own, `clip` scores by `embedder`."""
    published = PICKSCORE if settings.kind == "pickscore" else embedder
    model = published
    if settings.model is not None:
        model = dataclasses.replace(
            published, model=settings.model, revision=settings.revision, processor=settings.processor
        )
    return PickScoreSpec(model) if settings.kind == "pickscore" else ClipScoreSpec(model)


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


def weight_file(settings: WeightFileSettings) -> WeightFile:
    """One file."""
    return WeightFile(settings.repository, settings.name, settings.revision)
