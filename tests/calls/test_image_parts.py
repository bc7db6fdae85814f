import base64
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.image_parts import ImagePart
from stark_udfs.calls.request import ChatRequest, Prompt
from tests.calls.asks import Basket, chat, model


def part(folder: Path, size: tuple[int, int] = (900, 600), side: int = 300) -> ImagePart:
    path = folder / "picture.png"
    Image.new("RGBA", size, (200, 30, 30, 255)).save(path)
    return ImagePart(str(path), hashlib.sha256(path.read_bytes()).hexdigest(), side)


def request(*images: ImagePart) -> ChatRequest:
    prompt = Prompt(system="You see.", user="What is it?", shape=Basket, images=images)
    return chat(model=model(provider="openai")).request(prompt, unit_key="unit-Ana", round=0)


def describe_data_url():
    def it_is_a_small_jpeg(tmp_path: Path):
        head, _, data = part(tmp_path).data_url().partition(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as made:
            assert (made.format, made.mode, made.size) == ("JPEG", "RGB", (300, 200))

    def it_makes_nothing_larger(tmp_path: Path):
        data = part(tmp_path, size=(40, 20)).data_url().partition(",")[2]
        with Image.open(io.BytesIO(base64.b64decode(data))) as made:
            assert made.size == (40, 20)

    @pytest.mark.parametrize(
        ("content", "told"), [(None, "is missing"), (b"else", "is not what its row says"), (b"", "is not what")]
    )
    def it_says_what_is_wrong_with_a_file_and_is_not_tried_again(tmp_path: Path, content: bytes | None, told: str):
        asked = part(tmp_path)
        Path(asked.uri).unlink() if content is None else Path(asked.uri).write_bytes(content)
        with pytest.raises(CallFailed, match=told) as failed:
            asked.data_url()
        assert failed.value.kind is CallError.INPUT
        assert not failed.value.kind.again
        assert not failed.value.kind.stops

    def it_refuses_what_is_no_image(tmp_path: Path):
        (tmp_path / "x.png").write_bytes(b"<svg onload=alert(1)>")
        sha256 = hashlib.sha256(b"<svg onload=alert(1)>").hexdigest()
        with pytest.raises(CallFailed, match="is no image"):
            ImagePart(str(tmp_path / "x.png"), sha256).data_url()


def describe_requests_with_images():
    def their_key_follows_content_and_size_and_not_the_place(tmp_path: Path):
        asked = part(tmp_path)
        keys = {
            request().key,
            request(asked).key,
            request(replace(asked, side=301)).key,
            request(replace(asked, sha256="0" * 64)).key,
            request(asked, asked).key,
        }
        assert len(keys) == 5
        assert request(replace(asked, uri="s3://elsewhere/x.png")).key == request(asked).key

    def they_send_parts_and_keep_no_bytes(tmp_path: Path):
        asked = request(part(tmp_path))
        content = asked.body["messages"][-1]["content"]
        assert [one["type"] for one in content] == ["text", "image_url"]
        assert "base64" not in asked.written
        assert part(tmp_path).sha256 in asked.written

    def they_reserve_money_for_images(tmp_path: Path):
        asked = part(tmp_path)
        assert request(asked).prompt_tokens == request().prompt_tokens + 1600
        assert request(replace(asked, side=1024)).prompt_tokens == request().prompt_tokens + 4 * 1600
