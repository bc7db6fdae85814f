"""Tokens that expire, against a server over real HTTP that lets them expire."""

import asyncio
import os
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass, field

import pytest

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.providers.client import Completion, connect
from stark_udfs.calls.providers.tokens import TokenProvider
from stark_udfs.calls.request import ChatRequest
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.errors import NotAuthorised, SettingsError, Unreachable
from tests.calls.asks import chat, conversation, model
from tests.calls.scripted_server import Said, Sent, fine, scripted

EXPIRED = Said(401, {"error": {"message": "The access token has expired.", "code": "token_expired"}})


def request(name: str = "Ana") -> ChatRequest:
    step = advance(conversation(name, chat=chat(model=model(provider="openai"))), {})
    assert isinstance(step, OpenCall)
    return step.request


@dataclass
class Issuer:
    """Gives out tokens; the server takes the newest alone. A provider keeps its token until it is made anew."""

    valid: str = ""
    given: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    uses: int = 0
    uses_a_token: int = 10**9

    def make(self) -> TokenProvider:
        with self.lock:
            self.valid = f"token-{len(self.given) + 1}"
            self.given.append(self.valid)
            self.uses = 0
            kept = self.valid
        return lambda: kept

    def answer(self, sent: Sent) -> Said:
        with self.lock:
            self.uses += 1
            good = sent.token == self.valid and self.uses <= self.uses_a_token
        return fine() if good else EXPIRED


def asked(
    issuer, calls: int, at_once: bool = False, provider: str = "openai", **more
) -> tuple[list[Completion], list[Sent]]:
    with scripted(issuer.answer) as (url, sent):
        settings = model(provider=provider, base_url=url, auth="azure_ad", **more)

        async def go() -> list[Completion]:
            async with connect(settings, tokens=issuer.make) as client:
                one_by_one = (client.complete(request(f"Ana-{n}")) for n in range(calls))
                return list(await asyncio.gather(*one_by_one)) if at_once else [await one for one in one_by_one]

        return asyncio.run(go()), sent


def describe_a_token_that_expires():
    @pytest.mark.parametrize("more", [{}, {"provider": "azure", "api_version": "2024-10-21"}])
    def it_is_renewed_once_and_the_call_is_answered(more):
        issuer = Issuer(uses_a_token=4)
        answers, sent = asked(issuer, 10, **more)
        assert len(answers) == 10
        assert issuer.given == ["token-1", "token-2", "token-3"]
        assert [one.token for one in sent] == ["token-1"] * 5 + ["token-2"] * 5 + ["token-3"] * 2

    def it_is_renewed_once_for_all_calls_in_flight():
        class Revoking(Issuer):
            def answer(self, sent: Sent) -> Said:
                return fine() if sent.token == "token-2" else EXPIRED

        issuer = Revoking()
        answers, sent = asked(issuer, 16, at_once=True)
        assert len(answers) == 16
        assert issuer.given == ["token-1", "token-2"]
        assert sum(one.token == "token-2" for one in sent) == 16

    def it_follows_a_provider_that_renews_by_itself():
        class Renewing(Issuer):
            def make(self) -> TokenProvider:
                def token() -> str:
                    self.given.append(f"token-{len(self.given) + 1}")
                    return self.given[-1]

                return token

            def answer(self, sent: Sent) -> Said:
                return fine() if sent.token == f"token-{sent.number}" else EXPIRED

        issuer = Renewing()
        _, sent = asked(issuer, 3)
        assert [one.token for one in sent] == ["token-1", "token-2", "token-3"]

    def it_counts_as_refused_after_one_renewal_and_is_not_shown():
        class Refusing(Issuer):
            def answer(self, sent: Sent) -> Said:
                return Said(401, {"error": {"message": f"{sent.token} is not welcome"}})

        issuer = Refusing()
        with pytest.raises(CallFailed) as caught:
            asked(issuer, 1)
        assert caught.value.kind is CallError.AUTH
        assert issuer.given == ["token-1", "token-2"]
        assert "token-2" not in str(caught.value)
        assert "is not welcome" in str(caught.value)


def describe_an_identity():
    @pytest.mark.parametrize(
        ("error", "kind"),
        [(NotAuthorised("nobody is signed in"), CallError.AUTH), (Unreachable("no route"), CallError.TRANSIENT)],
    )
    def it_fails_the_call_where_it_gets_no_token(error, kind):
        class Failing(Issuer):
            def make(self) -> TokenProvider:
                raise error

        with pytest.raises(CallFailed, match=str(error)) as caught:
            asked(Failing(), 1)
        assert caught.value.kind is kind

    @pytest.mark.parametrize("token", ["", "a\nb", "schlüssel"])
    def it_takes_nothing_that_is_no_token(token):
        class Odd(Issuer):
            def make(self) -> TokenProvider:
                return lambda: token

        with pytest.raises(CallFailed, match="no token has"):
            asked(Odd(), 1)

    def it_is_checked_before_the_run():
        async def go(make) -> None:
            async with connect(model(provider="openai", base_url=url, auth="databricks"), tokens=make) as client:
                await client.probe()

        def nobody() -> TokenProvider:
            raise NotAuthorised("nobody is signed in")

        with scripted(lambda sent: fine()) as (url, _):
            asyncio.run(go(Issuer().make))
            with pytest.raises(NotAuthorised, match="nobody is signed in"):
                asyncio.run(go(nobody))

    @pytest.mark.parametrize(
        "more", [{"secret": "BAKER_KEY"}, {"base_url": None}, {"provider": "offline", "base_url": "http://127.0.0.1:9"}]
    )
    def it_needs_a_server_and_no_secret(more):
        given = {"provider": "openai", "base_url": "http://127.0.0.1:9/v1", "auth": "azure_ad", **more}
        with pytest.raises(SettingsError, match="base_url, and no secret"):
            connect(model(**given), secrets={"BAKER_KEY": "x"}.get)

    def it_travels_to_the_workers_as_a_setting():
        settings = model(provider="openai", base_url="http://127.0.0.1:9/v1", auth="databricks")
        assert pickle.loads(pickle.dumps(settings)).auth == "databricks"

    @pytest.mark.parametrize(
        ("auth", "package", "module"),
        [("azure_ad", "azure-identity", "azure.identity"), ("databricks", "databricks-sdk", "databricks.sdk.core")],
    )
    def it_says_which_package_is_missing(auth, package, module):
        """In a process of its own, in which the package cannot be imported."""
        script = (
            f"import sys; sys.modules['{module}'] = None\n"
            "from stark_udfs.calls.providers.tokens import token_maker\n"
            "from stark_udfs.core.errors import NotAuthorised\n"
            "from stark_udfs.settings.chat_models import ModelSettings\n"
            f"model = ModelSettings(name='m', base_url='http://127.0.0.1:9/v1', auth='{auth}')\n"
            "try:\n    token_maker(model)()\nexcept NotAuthorised as error:\n    print(error)\n"
        )
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
        assert said.stdout.strip().endswith(
            f"auth {auth}: the package {package} is not installed. Install it on driver and executors."
        )


def describe_databricks():
    def it_gives_the_token_that_the_sdk_finds():
        """In a process of its own, with the environment of a job."""
        pytest.importorskip("databricks.sdk.core")
        script = (
            "import sys\n"
            "from stark_udfs.calls.providers.tokens import token_maker\n"
            "from stark_udfs.settings.chat_models import ModelSettings\n"
            "model = ModelSettings(name='m', base_url=sys.argv[1], auth='databricks')\n"
            "print(token_maker(model)()())\n"
        )
        with scripted(lambda sent: fine()) as (url, _):
            said = subprocess.run(
                [sys.executable, "-c", script, url],
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
                env={**os.environ, "DATABRICKS_TOKEN": "dapi-of-the-job"},
            )
        assert said.stdout.strip() == "dapi-of-the-job"
