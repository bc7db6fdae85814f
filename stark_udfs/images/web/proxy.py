"""A company's HTTP proxy, through which all requests to the web go where one is set.

The proxy resolves names and connects in our place, so that the guard sees no address of what is asked for. What is
left to it is what a URL says by itself, and what a name means on our side.
"""

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from yarl import URL

from stark_udfs.core.errors import NotAuthorised, SettingsError

LOGIN = "Proxy-Authorization"
OWN_NAMES = re.compile(r"(^|\.)(localhost|local|internal|intranet|private|corp|home|lan|home\.arpa)$", re.IGNORECASE)


@dataclass(frozen=True)
class Proxy:
    """Where it listens, and the environment variable that holds `user:password`, if it wants one."""

    url: str
    secret: str | None = None

    def __post_init__(self) -> None:
        try:
            target = URL(self.url)
            odd = target.scheme != "http" or not target.host or target.path not in ("", "/")
        except ValueError as error:
            raise SettingsError(f"pictures.web.proxy: {error}") from None
        if target.raw_user or target.raw_password:
            raise SettingsError("pictures.web.proxy: carries a login. Name its variable in pictures.web.proxy_secret.")
        if odd:
            raise SettingsError("pictures.web.proxy: an address like http://proxy.example:3128 is needed.")

    def login(self, secrets: Mapping[str, str] = os.environ) -> str:
        """The header by which we are let through; empty: it wants none.

        Raises:
            NotAuthorised: the variable holds no login.
        """
        if self.secret is None:
            return ""
        said = secrets.get(self.secret, "")
        if ":" not in said:
            raise NotAuthorised(f"pictures.web.proxy: {self.secret} must hold user:password, and does not.")
        return f"Basic {base64.b64encode(said.encode()).decode()}"


def own_name(host: str) -> bool:
    """Whether a name can only mean a machine of one's own network."""
    bare = host.rstrip(".")
    return "." not in bare or OWN_NAMES.search(bare) is not None


class Arguments(TypedDict, total=False):
    """The arguments that aiohttp takes for one request."""

    headers: dict[str, str]
    proxy: str
    proxy_headers: dict[str, str]


class Way:
    """How requests go out: by themselves, or through a proxy."""

    def __init__(self, proxy: Proxy | None, secrets: Mapping[str, str] = os.environ) -> None:
        """NotAuthorised if the proxy wants a login, and the variable for it holds none."""
        self._proxy = proxy
        self._login = "" if proxy is None else proxy.login(secrets)

    def to(self, url: URL | str, **headers: str) -> Arguments:
        """The arguments of a request. The login goes to the proxy alone: of a tunnel, its server sees nothing."""
        if self._proxy is None:
            return {"headers": headers}
        login = {LOGIN: self._login} if self._login else {}
        if URL(url).scheme == "https":
            return {"headers": headers, "proxy": self._proxy.url, "proxy_headers": login}
        return {"headers": headers | login, "proxy": self._proxy.url}
