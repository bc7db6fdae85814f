"""What the stub server sends for a picture, and says of one: a drawing of the words, and a verdict that is drawn."""

import base64
import io
import json
import re
from collections.abc import Mapping
from email.parser import BytesParser

from stark_udfs.core.ids import Json

STAGE = "pictures"  # under which the server counts them
VERDICT = "Verdict"  # the schema of a judge's reply
LARGE = 6_400  # px of a side: 40 megapixels
LONGEST = 4_000  # characters of a prompt


def reply(content: bytes, key: bytes, *, spoilt: bool = False, huge: bool = False) -> bytes:
    """The body of a reply to `images/generations` (JSON) or `images/edits` (multipart form data).

    key: tells requests of equal words apart.

    Raises:
        ValueError: the request holds no prompt, or an edit no picture.
    """
    from stark_udfs.core.ids import seed_of
    from stark_udfs.demo.drawings.backend import drawing
    from stark_udfs.images.requests import ImageRequest, Module

    words = prompt_of(content)
    if spoilt:
        data = b"<html>no picture"
    elif huge:
        data = _large()
    else:
        data = drawing(ImageRequest(module=Module.T2I, prompt=words), seed_of(key.hex())).data
    shown = {"b64_json": base64.b64encode(data).decode()}
    return json.dumps({"created": 0, "data": [shown], "usage": {"total_tokens": 1}}).encode()


def verdict(body: Mapping[str, Json]) -> str:
    """What a judge says of the picture of a chat request: numbers by the hash of the request, whatever it shows."""
    from stark_udfs.core.ids import canonical, rng_of

    draw = rng_of("verdict", canonical(body))
    shows, fits = (round(draw.triangular(0.2, 1.0, 0.8), 2) for _ in range(2))
    return json.dumps({"reason": "a number that was drawn; nobody looked", "shows": shows, "fits": fits})


def prompt_of(content: bytes) -> str:
    """The prompt of a request.

    Raises:
        ValueError: it holds none, or an edit holds no picture.
    """
    if not content.startswith(b"--"):
        body = json.loads(content)
        words = body.get("prompt") if isinstance(body, dict) else None
    else:
        fields = fields_of(content)
        if not fields.get("image", b"").startswith((b"\x89PNG", b"\xff\xd8")):
            raise ValueError("an edit holds no picture")
        words = fields.get("prompt", b"").decode()
    if not isinstance(words, str) or not words:
        raise ValueError("no prompt")
    return words[:LONGEST]


def fields_of(content: bytes) -> dict[str, bytes]:
    """The fields of multipart form data, by name."""
    boundary = content.split(b"\r\n", 1)[0][2:]
    head = b"Content-Type: multipart/form-data; boundary=" + boundary + b"\r\n\r\n"
    message = BytesParser().parsebytes(head + content)
    found: dict[str, bytes] = {}
    for part in message.walk():
        named = re.search(r'name="([^"]{1,100})"', str(part.get("Content-Disposition", "")))
        data = part.get_payload(decode=True)
        if named and isinstance(data, bytes):
            found[named.group(1)] = data
    return found


def _large() -> bytes:
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (LARGE, LARGE)).save(data, "PNG", compress_level=1)
    return data.getvalue()
