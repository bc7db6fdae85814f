"""The registries of kinds: every line leads to a class, and what was set for one kind is not read as another's."""

import pickle

import pytest
from pydantic import ValidationError

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.configured import painter, scorer
from stark_udfs.images.models.kinds import PainterKind, ScorerKind
from stark_udfs.settings.image_models import PAINTERS, PERSONAL, SCORERS, PicturesSettings
from stark_udfs.settings.kinds import Kind, Kinds
from stark_udfs.stages.pipeline import load_settings


def describe_registries():
    @pytest.mark.parametrize(
        ("registry", "base"), [(PAINTERS, PainterKind), (PERSONAL, PainterKind), (SCORERS, ScorerKind)]
    )
    def every_line_leads_to_a_class_of_that_kind(registry: Kinds, base: type[Kind]):
        for kind in registry.paths:
            found = registry.named(kind)
            assert issubclass(found, base)
            assert found(kind=kind).kind == found.model_fields["kind"].default == kind

    def their_sections_travel():
        pictures = PicturesSettings()
        assert pickle.loads(pickle.dumps(pictures)) == pictures
        assert PicturesSettings.model_validate(pictures.model_dump(mode="json")) == pictures

    @pytest.mark.parametrize(
        ("path", "says"),
        [("nowhere:Thing", "No module"), ("stark_udfs:Nothing", "Nothing"), ("stark_udfs.core.ids:Json", "no class")],
    )
    def a_path_that_leads_nowhere_is_said(path: str, says: str):
        with pytest.raises(ValidationError, match=says):
            PicturesSettings.model_validate({"painter": {"kind": path}})

    def a_painter_is_no_scorer():
        with pytest.raises(SettingsError, match="sdxl is no kind of a scorer"):
            scorer(PicturesSettings().painter)
        with pytest.raises(SettingsError, match="pickscore is no kind of a painter"):
            painter(PicturesSettings().scorer)


def describe_another_kind():
    def it_begins_with_its_own_defaults():
        found = load_settings("base", overrides=["pictures.personal={kind: ip_adapter, scale: 0.8}"]).pictures.personal
        assert found == PERSONAL.read({"kind": "ip_adapter", "scale": 0.8})

    def the_order_of_overrides_is_all_the_same():
        overrides = ["pictures.personal.scale=0.8", "pictures.personal.kind=ip_adapter"]
        assert load_settings("base", overrides=overrides) == load_settings("base", overrides=overrides[::-1])

    def it_takes_no_settings_of_the_other():
        with pytest.raises(SettingsError, match=r"personal\.scale: no such setting"):
            load_settings("base", overrides=["pictures.personal.scale=0.8"])
