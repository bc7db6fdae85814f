"""PhotoMaker v1: a picture of one person from a text and pictures of the face, on the stock SDXL pipeline.

A person encoder turns each face into one vector and fuses it into the embedding of the class word; a LoRA teaches the
UNet to read it. The first steps see the text alone and lay out the scene, the later ones see the fused text.

Source: Li et al. 2023 (PhotoMaker), checkpoint photomaker-v1: the names and shapes of its tensors.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import Field

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.photomaker.person_encoder import PersonEncoder, read_checkpoint
from stark_udfs.images.models.photomaker.trigger import TRIGGER, Frame, Triggered, take_out_trigger
from stark_udfs.images.models.sdxl_base import Drawing, PersonSettings, SdxlBase
from stark_udfs.images.models.weights import WeightFile, device_errors
from stark_udfs.images.protocols import Painter, Painting, Pixels

if TYPE_CHECKING:
    import torch
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTokenizer

LAST_MERGE = 30  # step; the authors' cap
WEIGHTS = WeightFile("TencentARC/PhotoMaker", "photomaker-v1.bin")


class PhotoMakerSettings(PersonSettings):
    """PhotoMaker v1 on an SDXL model; it reads the trigger word."""

    reads_trigger: ClassVar[bool] = True
    published: ClassVar[WeightFile] = WEIGHTS

    kind: str = "photomaker"
    style_strength: float = Field(20.0, ge=0, lt=100, description="percent of the steps without the face")

    def spec(self) -> "PhotoMakerSpec":
        """See `PainterKind.spec`."""
        return PhotoMakerSpec(
            *self.parts(),
            steps=self.steps,
            guidance=self.guidance,
            style_strength=self.style_strength,
        )


@dataclass(frozen=True)
class PhotoMakerSpec:
    """A painter of persons; a painting has the word `img` after its class word, and at least one face.

    guidance: classifier-free; up to 1 there is none, and negative prompts are passed over.
    style_strength: percent of the steps, of at most 30 steps, after which the face comes in.
    """

    kind: ClassVar[str] = "PhotoMakerSpec"  # in the keys of orders: stays when the class is renamed

    base: SdxlBase
    weights: WeightFile = WEIGHTS
    steps: int = 50
    guidance: float = 5.0
    style_strength: float = 20.0

    def __post_init__(self) -> None:
        if not 0 <= self.merge_step < self.steps - 1:
            raise SettingsError(
                f"style_strength {self.style_strength} of {self.steps} steps: the face would come in after step "
                f"{self.merge_step}, which leaves no step to show it. Lower it."
            )

    @property
    def merge_step(self) -> int:
        """The last step, from 0, that sees the text alone."""
        return min(int(self.style_strength / 100 * self.steps), LAST_MERGE)

    def load(self) -> Painter:
        """The painter, with its weights on the device of this process."""
        checkpoint = read_checkpoint(self.weights.path())
        pipeline = self.base.load()
        pipeline.load_lora_weights(checkpoint.lora, adapter_name="photomaker")
        pipeline.fuse_lora(adapter_names=["photomaker"])
        pipeline.unload_lora_weights()  # the fused weights stay
        encoder = PersonEncoder.of(checkpoint.encoder, pipeline.device, pipeline.dtype)
        for tokenizer in (pipeline.tokenizer, pipeline.tokenizer_2):
            add_trigger(tokenizer)
        return PhotoMaker(Drawing.of(pipeline, self.base.compile), encoder, self)


class Prompts(NamedTuple):
    """The texts of a batch as SDXL reads them: a row of vectors per token, and one vector per text."""

    tokens: "torch.Tensor"  # (rows, 77, 2048)
    pooled: "torch.Tensor"  # (rows, 1280)


@dataclass(frozen=True)
class PhotoMaker:
    """Draws persons; every row sees its own faces and no other's."""

    drawing: Drawing
    encoder: PersonEncoder
    spec: PhotoMakerSpec

    @property
    def pipeline(self) -> "StableDiffusionXLPipeline":
        """What draws."""
        return self.drawing.pipeline

    def paint(self, paintings: Sequence[Painting]) -> Pixels:
        """See `Painter.paint`."""
        import torch

        with torch.inference_mode(), device_errors():
            rows = [self._take_out(painting) for painting in paintings]
            plain = self._read([[prompt.plain for prompt in row] for row in rows])
            fused = self._fused(paintings, rows)
            negative = self._read([self._frames(painting.negative) for painting in paintings])
        inputs = {
            "prompt_embeds": plain.tokens,
            "pooled_prompt_embeds": plain.pooled,
            "negative_prompt_embeds": negative.tokens,
            "negative_pooled_prompt_embeds": negative.pooled,
            "callback_on_step_end": swap_after(self.spec.merge_step, fused, negative),
            "callback_on_step_end_tensor_inputs": ["prompt_embeds", "add_text_embeds"],
        }
        return self.drawing.draw(paintings, steps=self.spec.steps, guidance=self.spec.guidance, inputs=inputs)

    @property
    def _tokenizers(self) -> "tuple[CLIPTokenizer, CLIPTokenizer]":
        return self.pipeline.tokenizer, self.pipeline.tokenizer_2

    def _take_out(self, painting: Painting) -> list[Triggered]:
        return [
            take_out_trigger(
                words_of(tokenizer, painting.prompt),
                trigger=tokenizer.convert_tokens_to_ids(TRIGGER),
                faces=len(painting.faces),
                frame=frame_of(tokenizer),
            )
            for tokenizer in self._tokenizers
        ]

    def _frames(self, text: str) -> list[tuple[int, ...]]:
        return [frame_of(tokenizer).around(known_words_of(tokenizer, text)) for tokenizer in self._tokenizers]

    def _fused(self, paintings: Sequence[Painting], rows: Sequence[Sequence[Triggered]]) -> Prompts:
        repeated = self._read([[prompt.repeated for prompt in row] for row in rows])
        tokens = repeated.tokens.clone()
        for at, (painting, (prompt, _)) in enumerate(zip(paintings, rows, strict=True)):
            places = list(prompt.places)
            tokens[at, places] = self.encoder.fuse(tokens[at, places], self.encoder.encode(painting.faces))
        return Prompts(tokens, repeated.pooled)

    def _read(self, rows: Sequence[Sequence[Sequence[int]]]) -> Prompts:
        import torch

        encoders = (self.pipeline.text_encoder, self.pipeline.text_encoder_2)
        first, second = (
            encoder(torch.tensor(tokens, device=self.pipeline.device), output_hidden_states=True)
            for encoder, tokens in zip(encoders, zip(*rows, strict=True), strict=True)
        )
        tokens = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        return Prompts(tokens, second.text_embeds)


Tensors = Mapping[str, "torch.Tensor"]


def swap_after(step: int, fused: Prompts, negative: Prompts) -> Callable[..., "dict[str, torch.Tensor]"]:
    """A step callback of diffusers: after `step`, the fused texts take the place of the plain ones.

    With guidance the pipeline holds negatives and prompts in one tensor, the negatives first; the swap puts both back.
    """

    def swap(pipeline: object, at: int, timestep: object, tensors: Tensors) -> "dict[str, torch.Tensor]":
        import torch

        if at != step:
            return {}
        guided = len(tensors["prompt_embeds"]) == 2 * len(fused.tokens)
        sides = (negative, fused) if guided else (fused,)
        return {
            "prompt_embeds": torch.cat([side.tokens for side in sides]).to(tensors["prompt_embeds"]),
            "add_text_embeds": torch.cat([side.pooled for side in sides]).to(tensors["add_text_embeds"]),
        }

    return swap


def add_trigger(tokenizer: "CLIPTokenizer") -> None:
    """Teach the tokenizer that the trigger, standing alone, is a word of its own."""
    from transformers import AddedToken

    tokenizer.add_tokens([AddedToken(TRIGGER, single_word=True, special=True)], special_tokens=True)


def words_of(tokenizer: "CLIPTokenizer", text: str) -> list[int]:
    """The tokens of a text without start and end."""
    return list(tokenizer(text, add_special_tokens=False, verbose=False).input_ids)


def known_words_of(tokenizer: "CLIPTokenizer", text: str) -> list[int]:
    """The tokens of a text without the trigger, which lies past the end of the encoders' embedding tables."""
    trigger = tokenizer.convert_tokens_to_ids(TRIGGER)
    return [word for word in words_of(tokenizer, text) if word != trigger]


def frame_of(tokenizer: "CLIPTokenizer") -> Frame:
    """How the tokenizer frames a text."""
    return Frame(tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.model_max_length)
