from pathlib import Path

import pytest
import yaml

from stark_udfs.core.errors import SettingsError, StorageError
from stark_udfs.demo.drawings.backend import OfflineBackendSpec
from stark_udfs.images.backend import ModelBackendSpec
from stark_udfs.images.models import configured
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.ip_adapter import IpAdapterSpec
from stark_udfs.images.models.photomaker.photomaker import PhotoMakerSpec
from stark_udfs.images.models.scorers import PICKSCORE, ClipScoreSpec, PickScoreSpec
from stark_udfs.images.models.sdxl import SdxlSettings, SdxlSpec
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.requests import ImageBackendSpec
from stark_udfs.images.web.providers import Brave, Commons, Openverse, Searx
from stark_udfs.images.web.proxy import Proxy
from stark_udfs.images.web.results import SearchTerms
from stark_udfs.settings.image_models import PicturesSettings, QuestionPrice, WebSettings
from stark_udfs.stages.images.backend import image_backend
from stark_udfs.stages.pipeline import load_settings

CONF = Path(__file__).parents[3] / "conf"


def backend(*overrides: str) -> ImageBackendSpec:
    settings = load_settings("base", conf=CONF, overrides=overrides)
    return image_backend(settings.pictures, settings.storage.files)


def models_of(*overrides: str) -> ModelBackendSpec:
    spec = backend("pictures.provider=models", *overrides)
    assert isinstance(spec, ModelBackendSpec)
    return spec


def describe_base():
    def it_draws_offline():
        spec = backend()
        assert spec == OfflineBackendSpec("warehouse/files", 8)
        assert spec.provider == "offline"

    def it_names_every_setting_with_its_default():
        tree = yaml.safe_load((CONF / "base.yml").read_text(encoding="utf-8"))["pictures"]
        assert tree == PicturesSettings().model_dump(mode="json")

    def its_models_are_the_papers():
        spec = models_of()
        assert spec.painter.spec == SdxlSettings().spec()
        assert spec.personal.spec.base.model == "SG161222/RealVisXL_V3.0"
        assert (spec.personal.spec.steps, spec.personal.spec.merge_step) == (50, 10)
        assert spec.clip == ClipSpec("openai/clip-vit-large-patch14-336")
        assert spec.scorer == PickScoreSpec()
        assert spec.nsfw.model == "Falconsai/nsfw_image_detection"


def describe_painters():
    def without_another_unet_timesteps_are_the_models_own():
        painter = models_of("pictures.painter.unet=null", "pictures.painter.steps=30").painter.spec
        assert isinstance(painter, SdxlSpec)
        assert (painter.base.unet, painter.base.trailing, painter.steps) == (None, False, 30)

    def the_method_brings_its_own_weights():
        photomaker = models_of().personal
        adapter = models_of("pictures.personal.kind=ip_adapter", "pictures.personal.scale=0.8").personal
        assert isinstance(photomaker.spec, PhotoMakerSpec)
        assert photomaker.triggered
        assert isinstance(adapter.spec, IpAdapterSpec)
        assert not adapter.triggered
        assert (adapter.spec.scale, adapter.spec.weights.repository) == (0.8, "h94/IP-Adapter")

    def weights_of_ones_own_take_their_place():
        given = "pictures.personal.weights={repository: /models, name: mine.safetensors}"
        assert models_of(given).personal.spec.weights == WeightFile("/models", "mine.safetensors")


def describe_scorer():
    def pickscore_is_the_published_one_unless_told():
        assert models_of().scorer == PickScoreSpec(PICKSCORE)
        given = ("pictures.scorer.model=mine", "pictures.scorer.revision=v1", "pictures.scorer.processor=p")
        other = models_of(*given).scorer
        assert isinstance(other, PickScoreSpec)
        assert (other.clip.model, other.clip.revision, other.clip.processor) == ("mine", "v1", "p")

    def clip_scores_by_the_model_that_searches_unless_told():
        by_clip = models_of("pictures.scorer.kind=clip", "pictures.clip.model=ours")
        assert by_clip.scorer == ClipScoreSpec(ClipSpec("ours")) == ClipScoreSpec(by_clip.clip)
        assert models_of("pictures.scorer={kind: clip, model: other}").scorer == ClipScoreSpec(ClipSpec("other"))


def describe_web():
    @pytest.mark.parametrize(
        ("settings", "api"),
        [
            (WebSettings(), Openverse()),
            (WebSettings(provider="wikimedia"), Commons()),
            (WebSettings(provider="brave"), Brave()),
            (WebSettings(provider="brave", secret="MINE"), Brave(secret="MINE")),
            (WebSettings(provider="searxng", base_url="http://search:80"), Searx("http://search:80")),
            (WebSettings(provider=None), None),
        ],
    )
    def it_is_the_provider_of_the_settings(settings: WebSettings, api: object):
        assert configured.search_api(settings) == api

    def searxng_has_no_address_of_its_own():
        with pytest.raises(SettingsError, match="base_url"):
            configured.search_api(WebSettings(provider="searxng"))

    def its_rules_are_the_settings():
        settings = WebSettings(agent="us (a@b.example)", interval_s=3, seconds=7, bytes=5000)
        search, fetch = configured.search_rules(settings), configured.fetch_rules(settings)
        assert (search.agent, search.interval_s, search.seconds) == ("us (a@b.example)", 3, 7)
        assert (fetch.agent, fetch.interval_s, fetch.seconds, fetch.bytes) == ("us (a@b.example)", 3, 7, 5000)
        assert configured.fetch_rules(WebSettings()).allow == frozenset()
        assert (search.proxy, fetch.proxy) == (None, None)

    def a_proxy_leads_search_and_pictures_alike():
        settings = WebSettings(proxy="http://proxy.example:3128", proxy_secret="PROXY_LOGIN")
        proxy = Proxy("http://proxy.example:3128", "PROXY_LOGIN")
        assert configured.search_rules(settings).proxy == configured.fetch_rules(settings).proxy == proxy

    def brave_costs_what_it_publishes_unless_told():
        assert configured.search_terms(WebSettings(provider="brave")) == SearchTerms(0.005, "USD", 60)
        price = QuestionPrice(per_thousand=3, currency="EUR")
        own = WebSettings(provider="brave", price=price, requests_per_minute=None)
        assert configured.search_terms(own) == SearchTerms(0.003, "EUR", None)

    @pytest.mark.parametrize("provider", ["openverse", "wikimedia"])
    def the_others_cost_nothing_and_have_no_currency(provider: str):
        terms = configured.search_terms(WebSettings.model_validate({"provider": provider}))
        assert (terms.price, terms.currency) == (0.0, "")


def describe_what_is_not_configured():
    def it_is_left_out():
        spec = models_of("pictures.nsfw=null", "pictures.likeness=null", "pictures.web.provider=null")
        assert (spec.nsfw, spec.detector, spec.likeness, spec.web, spec.indexes) == (None, None, None, None, ())

    def a_detector_is_taken_where_it_is_named():
        spec = models_of("pictures.detector={model: faces, min_score: 0.5}")
        assert (spec.detector.model, spec.detector.label, spec.detector.least) == ("faces", "face", 0.5)

    def an_index_that_is_not_there_is_named(tmp_path: Path):
        with pytest.raises(StorageError, match="no picture index"):
            models_of(f"pictures.indexes=[{tmp_path}]")
