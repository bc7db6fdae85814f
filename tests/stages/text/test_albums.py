from stark_udfs.core.ids import stable_id
from stark_udfs.core.rejects import RejectReason
from stark_udfs.stages.text.albums import Album, AlbumImage, AlbumItem, AlbumReply, AlbumsSettings, ask, parse
from tests.stages.given import LIFE

BASE = AlbumsSettings()
BOWL = AlbumItem(description="A blue bowl on a table.", category="Food")


def describe_ask():
    def it_asks_for_pictures_of_the_life():
        prompt = ask(AlbumsSettings(images=3), LIFE, [])
        assert prompt is not None
        for part in ("Describe 3 pictures", LIFE.narrative, "a 34-year-old female", "Brazil"):
            assert part in prompt.user
        assert prompt.facts == {"images": 3}
        assert "minor" not in prompt.user
        assert ask(BASE, LIFE, [AlbumReply(images=[])]) is None

    def it_takes_care_with_minors():
        prompt = ask(BASE, LIFE.model_copy(update={"age": 13}), [])
        assert prompt is not None
        assert "minor" in prompt.user


def describe_parse():
    def it_makes_one_album():
        [album] = parse(BASE, LIFE, [AlbumReply(images=[BOWL])])
        image = AlbumImage(
            image_id=stable_id("e-1", "album", 1), description="A blue bowl on a table.", category="food"
        )
        assert album == Album(episode_id="e-1", images=[image])

    def it_leaves_out_bad_pictures_and_says_so():
        nameless = AlbumItem(description=" ", category="food")
        loose = AlbumItem(description="A door.", category="")
        endless = AlbumItem(description="A door. " * 100, category="home")
        album, *rejects = parse(BASE, LIFE, [AlbumReply(images=[nameless, BOWL, loose, endless])])
        assert [image.image_id for image in album.images] == [stable_id("e-1", "album", 2)]
        assert [reject.reason for reject in rejects] == [
            RejectReason.NO_DESCRIPTION,
            RejectReason.MISSING_FIELD,
            RejectReason.TOO_LONG,
        ]

    def it_takes_no_more_than_asked_for():
        [album] = parse(AlbumsSettings(images=2), LIFE, [AlbumReply(images=[BOWL] * 4)])
        assert len(album.images) == 2

    def it_drops_an_episode_without_a_usable_picture():
        [made] = parse(BASE, LIFE, [AlbumReply(images=[])])
        assert (made.reason, made.key) == (RejectReason.NOTHING_USABLE, "e-1")

    def it_gives_nothing_without_a_reply():
        assert parse(BASE, LIFE, []) == []
