"""Samples to tensors: one prompt with its pictures and one answer; only the answer is learned."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.samples import Row, Sample
from stark_udfs.ultron.training.dataset import restored

IGNORED = -100  # label of what is not learned: torch's `ignore_index`


class Collator:
    """Rows of a sample file to a batch of one processor.

    Whole prompts and answers go through the processor in one text, so that whatever it derives from the text, as the
    cross attention mask of Mllama, covers the answer, too.
    """

    def __init__(self, processor: Any, max_tokens: int) -> None:  # noqa: ANN401
        self.processor = processor
        self.tokenizer = getattr(processor, "tokenizer", processor)
        self.sees = hasattr(processor, "image_processor")
        self.max_tokens = max_tokens

    def __call__(self, rows: Sequence[Row]) -> dict[str, Any]:
        """`input_ids`, `attention_mask`, `labels` of shape (rows, tokens), and the processor's own tensors."""
        samples = [self.fitted(restored(row)) for row in rows]
        prompts = [self.prompt(sample) for sample in samples]
        answers = [self.answer(sample, prompt) for sample, prompt in zip(samples, prompts, strict=True)]
        batch = self.encoded(samples, [prompt + answer for prompt, answer in zip(prompts, answers, strict=True)])
        labels = batch["input_ids"].clone().fill_(IGNORED)
        for place, answer in enumerate(answers):
            end = int(batch["attention_mask"][place].sum())  # padding is on the right
            start = max(0, end - self.count(answer))
            labels[place, start:end] = batch["input_ids"][place, start:end]
        batch["labels"] = labels
        return dict(batch)

    def encoded(self, samples: Sequence[Sample], texts: list[str], side: str = "right") -> Any:  # noqa: ANN401
        """What the processor makes of texts and the samples' pictures."""
        given: dict[str, Any] = {"padding": True, "padding_side": side, "return_tensors": "pt"}
        if not self.sees:
            return self.tokenizer(texts, add_special_tokens=False, **given)
        images = [[picture(path) for path in sample.images()] for sample in samples]
        if not any(images):
            return self.processor(text=texts, add_special_tokens=False, **given)
        if all(images) or type(self.processor).__name__ != "MllamaProcessor":
            return self.processor(images=images, text=texts, add_special_tokens=False, **given)
        return self._mixed(images, texts, given)

    def _mixed(self, images: list[list[Any]], texts: list[str], given: dict[str, Any]) -> Any:  # noqa: ANN401
        """Rows with and without pictures for Mllama, whose processor loses the rows that have none."""
        rows = [place for place, pictures in enumerate(images) if pictures]
        seen = self.processor(
            images=[images[place] for place in rows],
            text=[texts[place] for place in rows],
            add_special_tokens=False,
            **given,
        )
        batch = self.tokenizer(texts, add_special_tokens=False, **given)
        missing = batch["input_ids"].shape[1] - seen["cross_attention_mask"].shape[1]
        for name in ("pixel_values", "aspect_ratio_ids", "aspect_ratio_mask", "cross_attention_mask"):
            value = seen[name]
            if name == "cross_attention_mask":
                before = missing if given["padding_side"] == "left" else 0
                empty = value.new_zeros((value.shape[0], missing, *value.shape[2:]))
                value = _joined(empty[:, :before], value, empty[:, before:])
            whole = value.new_zeros((len(texts), *value.shape[1:]))
            if name == "aspect_ratio_mask":
                whole[:, :, 0] = 1  # as the processor fills up
            whole[rows] = value
            batch[name] = whole
        return batch

    def prompt(self, sample: Sample) -> str:
        """The prompt in the model's own chat form, and the begun answer."""
        messages = sample.messages()
        if not self.sees:
            parts: Any = messages[0]["content"]
            messages = [{"role": "user", "content": "\n".join(part.get("text", "") for part in parts)}]
        return (
            str(self.processor.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)) + sample.begun
        )

    def answer(self, sample: Sample, prompt: str) -> str:
        """The target as the chat form ends it, so that the model learns to stop."""
        content: Any = [{"type": "text", "text": sample.target}] if self.sees else sample.target
        messages = sample.messages() if self.sees else [{"role": "user", "content": ""}]
        whole = self.processor.apply_chat_template(
            [*messages, {"role": "assistant", "content": content}], tokenize=False
        )
        _, found, end = str(whole).rpartition(sample.target) if sample.target else ("", "", "")
        stop = end if found and end else str(self.tokenizer.eos_token)
        return sample.target + stop

    def fitted(self, sample: Sample) -> Sample:
        """The sample without as many of its oldest lines as it is too long by; then without the beginning of its head.

        Raises:
            InputError: tail and target alone are too long.
        """
        kept = len(sample.lines)
        while kept and (over := self.length(sample.shortened(kept)) - self.max_tokens) > 0:
            dropped = 0
            while dropped < kept and over > 0:
                over -= self.count(sample.lines[len(sample.lines) - kept + dropped].text) + 1
                dropped += 1
            kept -= max(1, dropped)
        short = sample.shortened(kept)
        while (over := self.length(short) - self.max_tokens) > 0:
            if not short.head:
                raise InputError(
                    f"sample {sample.sample_id}: its target alone has {over} tokens more than ultron.max_tokens "
                    f"({self.max_tokens}): raise it."
                )
            cut = max(1, math.ceil(len(short.head) * over / max(1, self.count(short.head))))
            short = replace(short, head=short.head[cut:])
        return short

    def length(self, sample: Sample) -> int:
        """Tokens of prompt and answer; a picture counts as its placeholder."""
        prompt = self.prompt(sample)
        return self.count(prompt + self.answer(sample, prompt))

    def count(self, text: str) -> int:
        """Tokens of a text."""
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def _joined(*parts: Any) -> Any:  # noqa: ANN401
    import torch

    return torch.cat(parts, dim=1)


def picture(path: str) -> Any:  # noqa: ANN401
    """A picture as RGB.

    Raises:
        InputError: it cannot be read.
    """
    import fsspec
    from PIL import Image

    try:
        with fsspec.open(path, "rb") as file:
            return Image.open(file).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(
            f"the picture {path} of a sample cannot be read: {error}. Check with `stark images verify`."
        ) from error
