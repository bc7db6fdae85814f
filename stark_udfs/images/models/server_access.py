"""How a server is reached, how often it may be asked, and what it costs: of image servers and of judges, in no key."""

from collections.abc import Callable
from dataclasses import dataclass, field

from stark_udfs.core.errors import NotAuthorised
from stark_udfs.settings.chat_models import MILLION

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True)
class ServerPrice:
    """What a server is paid, in `currency`: by the picture and each given face, or by a million tokens."""

    per_picture: float = 0.0
    per_face: float = 0.0
    per_million_in: float = 0.0
    per_million_out: float = 0.0
    currency: str = ""

    def of_picture(self, *, face: bool) -> float:
        """Of one picture, painted after a given face or not."""
        return self.per_picture + (self.per_face if face else 0.0)

    def of_tokens(self, tokens_in: int, tokens_out: int) -> float:
        """Of so many tokens."""
        return (tokens_in * self.per_million_in + tokens_out * self.per_million_out) / MILLION


@dataclass(frozen=True)
class ServerAccess:
    """Where a server is, and how it may be asked.

    secret: environment variable with the key; None: it takes none.
    in_flight, requests_per_minute: over the whole cluster.
    timeout_s: of one HTTP attempt; `attempts` of one call, the first included.
    reply_bytes: the longest reply that is read.
    """

    base_url: str = OPENAI_URL
    secret: str | None = None
    price: ServerPrice = field(default_factory=ServerPrice)
    in_flight: int = 8
    requests_per_minute: int | None = None
    timeout_s: float = 240.0
    attempts: int = 4
    reply_bytes: int = 60_000_000

    def key(self, secrets: Callable[[str], str | None]) -> str | None:
        """The key that a request carries; None: the server takes none.

        Raises:
            NotAuthorised: it is not set, or holds characters that no key has.
        """
        if self.secret is None:
            return None
        key = (secrets(self.secret) or "").strip()
        if not key:
            raise NotAuthorised(f"{self.secret} is not set.")
        if not (key.isascii() and key.isprintable()):
            raise NotAuthorised(f"{self.secret} holds characters that no key has.")
        return key
