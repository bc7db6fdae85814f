import hashlib
import io

import pytest
from PIL import Image

from stark_udfs.release.export.marks import DRAWING, MODEL, marked, source_type, unmarked


def picture(kind: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 30, 90)).save(target, kind)
    return target.getvalue()


def describe_marked():
    @pytest.mark.parametrize("form", ["PNG", "JPEG"])
    @pytest.mark.parametrize("kind", [MODEL, DRAWING])
    def it_changes_no_pixel_and_can_be_taken_out_again(form: str, kind: str):
        before = picture(form)
        after = marked(before, kind)
        assert kind.encode() in after
        assert unmarked(after) == before
        with Image.open(io.BytesIO(before)) as old, Image.open(io.BytesIO(after)) as new:
            new.load()
            assert new.tobytes() == old.tobytes()
            assert kind in str(new.info.get("xmp") or new.info)

    def it_gives_equal_bytes_for_equal_files():
        twice = [hashlib.sha256(marked(picture("PNG"), MODEL)).hexdigest() for _ in range(2)]
        assert twice[0] == twice[1]

    def it_leaves_other_files_alone():
        assert marked(b"GIF89a", MODEL) == b"GIF89a"
        assert unmarked(picture("PNG")) == picture("PNG")


def describe_source_type():
    @pytest.mark.parametrize(
        ("module", "provider", "kind"),
        [
            ("t2i", "models", MODEL),
            ("p-t2i", "models", MODEL),
            ("face", "models", MODEL),
            ("web", "models", None),
            ("retrieval", "models", None),
            ("retrieval", "offline", DRAWING),
            ("t2i", "offline", DRAWING),
        ],
    )
    def it_tells_models_drawings_and_found_pictures_apart(module: str, provider: str, kind: str | None):
        assert source_type(module, provider) == kind
