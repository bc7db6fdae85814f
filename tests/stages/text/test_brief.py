from statistics import mean

import pytest

from stark_udfs.core.ids import rng_of
from stark_udfs.stages.text.sessions.brief import ASSISTANT_FINDS, USER_OPENS, sampled
from stark_udfs.stages.text.sessions.settings import SessionsSettings

DRAWS = 4000
BASE = SessionsSettings()


def drawn(settings: SessionsSettings = BASE, album: int = 5):
    return [sampled(settings, rng_of(42, draw, "brief"), album=album) for draw in range(DRAWS)]


def describe_sampled():
    def its_means_are_the_settings():
        briefs = drawn()
        images = [image for brief in briefs for image in brief.images]
        mobile = [image for image in images if image.source == "mobile"]
        assert mean(brief.turns for brief in briefs) == pytest.approx(10.5, abs=0.15)
        assert mean(len(brief.images) for brief in briefs) == pytest.approx(1.86, abs=0.06)
        assert 1 - len(mobile) / len(images) == pytest.approx(0.608, abs=0.02)
        assert mean(image.reuse for image in mobile) == pytest.approx(0.25, abs=0.03)
        assert mean(brief.opener == "user" for brief in briefs) == pytest.approx(USER_OPENS, abs=0.03)

    def it_follows_other_settings():
        briefs = drawn(SessionsSettings(turns_mean=6, images_mean=4.5, internet_share=0.2, reuse_share=0.8))
        images = [image for brief in briefs for image in brief.images]
        assert mean(len(brief.images) for brief in briefs) == pytest.approx(4.5, abs=0.1)
        assert mean(image.source == "internet" for image in images) == pytest.approx(0.2, abs=0.02)

    def it_varies():
        briefs = drawn()
        assert {len(brief.images) for brief in briefs} == {0, 1, 2, 3, 4}
        assert len({brief.turns for brief in briefs}) >= 8
        assert min(brief.turns for brief in briefs) >= 4

    def only_the_user_has_a_phone_and_only_its_pictures_come_back():
        images = [image for brief in drawn() for image in brief.images]
        assert {image.by for image in images if image.source == "mobile"} == {"user"}
        assert not [image for image in images if image.reuse and image.source == "internet"]
        found = [image for image in images if image.source == "internet"]
        assert mean(image.by == "assistant" for image in found) == pytest.approx(ASSISTANT_FINDS, abs=0.03)

    def an_empty_album_gives_nothing_back():
        assert not [image for brief in drawn(album=0) for image in brief.images if image.reuse]

    def it_depends_on_the_seed_alone():
        assert drawn() == drawn()

    def its_facts_are_json():
        brief = next(brief for brief in drawn() if brief.images)
        assert brief.facts()["turns"] == brief.turns
        assert set(brief.facts()["images"][0]) == {"source", "by", "reuse"}
