"""The batch API of a stub server, over real HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.providers.batch import answer_in, request_line
from stark_udfs.calls.providers.batch_api import BatchApi
from stark_udfs.calls.providers.client import Access, BatchProvider, provider_of
from stark_udfs.calls.providers.remote_batch import RemoteBatch
from stark_udfs.core.errors import StorageError
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import served
from stark_udfs.testing.stub_server import StubServer

KEY = "sk-a-secret-that-nobody-may-see"
Task = Callable[[BatchApi], Awaitable[object]]


def with_api(task: Task, faults: Faults | None = None, stub: StubServer | None = None) -> object:
    async def go() -> object:
        async with served(stub or StubServer(faults or Faults())) as url:
            model = ModelSettings(name="toy", base_url=url, attempts=2, secret="A_KEY", timeout_s=20)
            provider = provider_of(model)
            assert isinstance(provider, BatchProvider)
            async with provider.batches(model, Access(secrets=lambda _: KEY)) as api:
                return await task(api)

    return asyncio.run(go())


@pytest.fixture
def requests(tmp_path: Path) -> Path:
    body = json.dumps({"model": "toy", "messages": [{"role": "user", "content": "hé"}]})
    path = tmp_path / "requests.jsonl"
    path.write_text("".join(request_line(f"k{n}", body) for n in range(5)), encoding="utf-8")
    return path


async def sent(api: BatchApi, path: Path, key: str = "our-key") -> RemoteBatch:
    return await api.create(await api.upload(path, "name.jsonl"), key, "sights")


async def over(api: BatchApi, batch: RemoteBatch) -> RemoteBatch:
    while not batch.over:
        await asyncio.sleep(0.02)
        batch = await api.get(batch.id)
    return batch


def describe_batch_api():
    def it_sends_a_file_and_gets_its_answers(requests: Path, tmp_path: Path):
        async def task(api: BatchApi) -> RemoteBatch:
            batch = await over(api, await sent(api, requests))
            await api.save(batch.output_file, tmp_path / "out.jsonl", 10_000)
            return batch

        batch = with_api(task, Faults(batch_s=0.1))
        assert isinstance(batch, RemoteBatch)
        assert (batch.status, batch.key, batch.total, batch.done) == ("completed", "our-key", 5, 5)
        found = [answer_in(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        assert [one[0] for one in found if isinstance(one, tuple)] == [f"k{n}" for n in range(5)]

    def it_finds_a_batch_by_our_key_or_its_file_on_any_page(requests: Path):
        async def task(api: BatchApi) -> list[str]:
            batches = [await sent(api, requests, f"key-{n}") for n in range(102)]
            found = [await api.find("key-0", ""), await api.find("", batches[1].input_file), await api.find("no", "no")]
            return [one.id if one else "none" for one in found] + [batches[0].id, batches[1].id]

        first, second, none, *ids = with_api(task)  # type: ignore[misc]
        assert ([first, second], none) == (ids, "none")

    def it_makes_a_batch_once_though_the_answer_is_lost(requests: Path):
        async def task(api: BatchApi) -> RemoteBatch | None:
            file = await api.upload(requests, "name.jsonl")
            with pytest.raises(CallFailed) as lost:
                await api.create(file, "our-key", "sights")
            assert lost.value.kind is CallError.TRANSIENT
            return await api.find("our-key", file)

        stub = StubServer(Faults(batch_reset=1))
        assert isinstance(with_api(task, stub=stub), RemoteBatch)
        assert stub.counts["batches"] == 1

    def it_makes_none_of_a_file_that_was_removed(requests: Path):
        async def task(api: BatchApi) -> None:
            file = await api.upload(requests, "name.jsonl")
            await api.remove(file)
            await api.remove(file)
            with pytest.raises(CallFailed):
                await api.create(file, "our-key", "sights")

        with_api(task)

    def it_cancels(requests: Path):
        async def task(api: BatchApi) -> str:
            return (await api.cancel((await sent(api, requests)).id)).status

        assert with_api(task, Faults(batch_s=60)) == "cancelled"

    def it_says_why_a_batch_was_not_begun(requests: Path):
        async def task(api: BatchApi) -> RemoteBatch:
            return await over(api, await sent(api, requests))

        batch = with_api(task, Faults(batch_refused=1))
        assert isinstance(batch, RemoteBatch)
        assert batch.status == "failed"
        assert "token_limit_exceeded" in batch.problem

    def it_keeps_no_more_than_it_may(requests: Path, tmp_path: Path):
        async def task(api: BatchApi) -> None:
            batch = await over(api, await sent(api, requests))
            await api.save(batch.output_file, tmp_path / "out.jsonl", 100)

        with pytest.raises(StorageError, match="more than 100 bytes"):
            with_api(task)

    @pytest.mark.parametrize(
        ("faults", "kind", "says"),
        [
            (Faults(no_batches=True), CallError.NOT_FOUND, "has no batch API: run without --batch"),
            (Faults(unauthorised=1.0, echo_auth=True), CallError.AUTH, "Incorrect API key"),
        ],
    )
    def it_says_what_is_wrong_and_no_secret(requests: Path, faults: Faults, kind: CallError, says: str):
        async def task(api: BatchApi) -> None:
            await sent(api, requests)

        with pytest.raises(CallFailed) as refused:
            with_api(task, faults)
        assert refused.value.kind is kind
        assert says in str(refused.value)
        assert KEY not in str(refused.value)

    def it_says_what_is_not_there_any_more(tmp_path: Path):
        async def task(api: BatchApi) -> None:
            await api.get("batch-9")

        with pytest.raises(CallFailed, match="does not know batch batch-9"):
            with_api(task)

    def it_says_that_nobody_is_there(requests: Path):
        async def task(api: BatchApi) -> None:
            await sent(api, requests)

        with pytest.raises(CallFailed) as refused:
            with_api(task, Faults(down_until_s=60))
        assert refused.value.kind is CallError.TRANSIENT
