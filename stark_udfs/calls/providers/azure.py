"""Azure OpenAI: a deployment behind an address and an API version of its own."""

from dataclasses import dataclass

import httpx2
import openai

from stark_udfs.calls.providers.openai import Key, OpenAiProvider
from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.chat_models import ModelSettings


@dataclass(frozen=True)
class AzureProvider(OpenAiProvider):
    """Azure OpenAI, by key or by Entra ID."""

    def sdk(self, model: ModelSettings, key: Key, http: httpx2.AsyncClient) -> openai.AsyncOpenAI:
        """See `OpenAiProvider.sdk`."""
        if not model.base_url or not model.api_version:
            raise SettingsError(f"model {model.name!r}: provider azure needs base_url and api_version.")
        return openai.AsyncAzureOpenAI(
            azure_endpoint=model.base_url,
            api_version=model.api_version,
            api_key=key if isinstance(key, str) else None,
            azure_ad_token_provider=None if isinstance(key, str) else key,
            max_retries=0,
            http_client=http,
        )


AZURE = AzureProvider()
