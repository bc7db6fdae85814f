"""A server of the OpenAI images protocol as a painter: no model and no GPU here, a key and a price per picture.

The spec says what a picture depends on; how the server is reached and paid is beside it and in no key. Nothing is
loaded: the image stages ask the server as they ask a chat model (`engine/images/painting.py`).

Source of the protocol: platform.openai.com, "Images": `images/generations`, and `images/edits` with pictures.
Prices: as told of OpenAI's price list in January 2026, for a square picture; look before you spend.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from pydantic import Field

from stark_udfs.core.errors import NotAuthorised, SettingsError
from stark_udfs.images.models.kinds import PainterKind
from stark_udfs.images.models.photomaker.trigger import without_trigger
from stark_udfs.images.models.server_access import OPENAI_URL, ServerAccess, ServerPrice
from stark_udfs.images.protocols import Painter
from stark_udfs.images.requests import ImageRequest, Module
from stark_udfs.settings.section import Scalar, Secrets, Section

PUBLISHED: Mapping[tuple[str, str], float] = {  # USD a picture of 1024 × 1024
    ("gpt-image-1-mini", "low"): 0.005,
    ("gpt-image-1-mini", "medium"): 0.011,
    ("gpt-image-1-mini", "high"): 0.036,
    ("gpt-image-1", "low"): 0.011,
    ("gpt-image-1", "medium"): 0.042,
    ("gpt-image-1", "high"): 0.167,
}
PUBLISHED_ON = date(2026, 1, 22)
FACE_PRICE = 0.005  # USD, the most that a face adds as input
SAME_PERSON = "A new photo of the very person in the given picture, with the same face. "
LONGEST_PROMPT = 4000  # characters


class PicturePrice(Section):
    """What one picture costs, in its size and quality."""

    per_picture: float = Field(0.0, ge=0)
    per_face: float = Field(0.0, ge=0, description="that a picture with a given face costs more")
    currency: str = "USD"
    as_of: date | None = None


class ImageServerSettings(PainterKind):
    """Any server of the OpenAI images protocol; paid by the picture, under --budget."""

    packages: ClassVar[tuple[str, ...]] = ()

    kind: str = "openai"
    model: str = Field("gpt-image-1-mini", description="the model's name on the wire")
    quality: str | None = Field("medium", description="as the server calls it; null: not sent")
    parameters: dict[str, Scalar] = Field(
        default_factory=dict, description="of the request, sent as written, as {response_format: b64_json}"
    )
    base_url: str | None = Field(None, description="null: OpenAI's")
    secret: str | None = Field("OPENAI_API_KEY", description="environment variable with the key; null: it takes none")
    price: PicturePrice | None = Field(
        None,
        description="null: as published for 1024 px by OpenAI (2026-01), 0.011 USD for gpt-image-1-mini in medium; "
        "nothing where base_url is a server of your own",
    )
    in_flight: int = Field(8, ge=1, description="pictures at once, over the whole cluster")
    requests_per_minute: int | None = Field(None, ge=1)
    timeout_s: float = Field(240, gt=0, description="for one HTTP attempt")
    attempts: int = Field(4, ge=1, description="HTTP attempts of one picture, the first included")

    @property
    def name(self) -> str:
        """See `PainterKind.name`."""
        return self.model

    def check(self, secrets: Secrets) -> None:
        """See `ModelKind.check`; the price, too."""
        self.priced()
        if self.secret is not None and not secrets(self.secret):
            raise NotAuthorised(f"pictures: the image server needs a key in {self.secret}, which is not set.")

    def priced(self) -> PicturePrice:
        """What a picture costs.

        Raises:
            SettingsError: nobody knows, and a budget could not hold.
        """
        if self.price is not None:
            return self.price
        if self.base_url is not None:
            return PicturePrice()
        found = PUBLISHED.get((self.model, self.quality or ""))
        if found is None:
            known = ", ".join(f"{model} in {quality}" for model, quality in PUBLISHED)
            raise SettingsError(
                f"pictures: no price is known here for {self.model} in {self.quality}. Set `price: {{per_picture: …}}` "
                f"from the provider's list. Known: {known}."
            )
        return PicturePrice(per_picture=found, per_face=FACE_PRICE, as_of=PUBLISHED_ON)

    def spec(self) -> "ImageServerSpec":
        """See `PainterKind.spec`."""
        price = self.priced()
        return ImageServerSpec(
            self.model,
            self.quality,
            tuple(sorted(self.parameters.items())),
            ServerAccess(
                base_url=(self.base_url or OPENAI_URL).rstrip("/"),
                secret=self.secret,
                price=ServerPrice(
                    per_picture=price.per_picture,
                    per_face=price.per_face,
                    currency=price.currency if price.per_picture else "",
                ),
                in_flight=self.in_flight,
                requests_per_minute=self.requests_per_minute,
                timeout_s=self.timeout_s,
                attempts=self.attempts,
            ),
        )


@dataclass(frozen=True)
class ImageServerSpec:
    """What a picture of a server depends on."""

    kind: ClassVar[str] = "ImageServerSpec"  # in the keys of orders: stays when the class is renamed

    model: str
    quality: str | None = None
    parameters: tuple[tuple[str, Scalar], ...] = ()
    access: ServerAccess = field(default_factory=ServerAccess)

    def load(self) -> Painter:
        """Nothing can be loaded.

        Raises:
            SettingsError: always.
        """
        raise SettingsError(f"{self.model} is a server's: the image stages of a run ask it, and nothing else does.")

    def price(self, module: Module) -> float:
        """Of one picture, in the server's currency."""
        return self.access.price.of_picture(face=module is Module.P_T2I)

    def generation(self, wish: ImageRequest) -> bytes:
        """The body of a request for one picture from words, JSON."""
        return json.dumps(self._fields(wish, prompt_of(wish)), ensure_ascii=False).encode()

    def edit(self, wish: ImageRequest, face: bytes, boundary: str) -> bytes:
        """The body of a request for one picture of the person whose face is given, multipart form data."""
        fields = self._fields(wish, SAME_PERSON + prompt_of(wish))
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        kind, ending = ("image/png", "png") if face.startswith(b"\x89PNG") else ("image/jpeg", "jpg")
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="face.{ending}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        return b"".join((*parts, head.encode(), face, f"\r\n--{boundary}--\r\n".encode()))

    def _fields(self, wish: ImageRequest, prompt: str) -> dict[str, Scalar]:
        fields: dict[str, Scalar] = {"model": self.model, "prompt": prompt[:LONGEST_PROMPT], "n": 1}
        fields["size"] = f"{wish.width}x{wish.height}"
        if self.quality is not None:
            fields["quality"] = self.quality
        return fields | {name: value for name, value in self.parameters if value is not None}


def prompt_of(wish: ImageRequest) -> str:
    """The words of a wish; a server reads no trigger."""
    return without_trigger(wish.prompt)


@dataclass(frozen=True)
class ServedPicture:
    """What a server's reply holds: the bytes of a picture, or where it is."""

    data: bytes = b""
    url: str = ""

    @classmethod
    def of(cls, body: bytes) -> "ServedPicture | None":
        """The first picture of a reply; None: it is none. What is no base64 is kept as it is: it is paid."""
        try:
            said = json.loads(body)
            first: object = said["data"][0]
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        if not isinstance(first, Mapping):
            return None
        text, url = first.get("b64_json"), first.get("url")
        if isinstance(text, str) and text:
            return cls(data=_decoded(text))
        if isinstance(url, str) and url.startswith("data:"):
            return cls(data=_decoded(url.partition(",")[2]))
        return cls(url=url) if isinstance(url, str) and url else None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text[:1000].encode("utf-8", "replace")


def servers_of(specs: Sequence[object]) -> tuple[ImageServerSpec, ...]:
    """The servers among painters."""
    return tuple(spec for spec in specs if isinstance(spec, ImageServerSpec))
