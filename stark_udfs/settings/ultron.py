"""Settings of Ultron: which model is trained, on what, and how."""

from typing import Literal

from pydantic import Field

from stark_udfs.settings.section import Section

PRESETS = {  # short name → model id
    "llama": "meta-llama/Llama-3.2-11B-Vision-Instruct",
    "qwen": "Qwen/Qwen2.5-VL-7B-Instruct",
    "smol": "HuggingFaceTB/SmolVLM-500M-Instruct",
}


class LoraSettings(Section):
    """Low-rank adapters."""

    rank: int = Field(64, ge=1, description="(paper, summariser: 64)")
    alpha: int = Field(16, ge=1, description="(paper, summariser: 16)")
    dropout: float = Field(0.05, ge=0, lt=1)
    four_bit: bool = Field(True, description="QLoRA: the base in 4-bit NF4; needs a GPU and bitsandbytes")


class InstructionSettings(Section):
    """An instruction set that is mixed in (paper: Mini-Gemini Instruction)."""

    file: str | None = Field(None, description="LLaVA's JSON form; null: none")
    images: str | None = Field(None, description="the folder of its images")
    share: float = Field(0.2, ge=0, lt=1, description="of all samples")


class SummariserSettings(Section):
    """The model that writes the memory of sessions."""

    model: str = Field("meta-llama/Llama-3.1-8B-Instruct", description="an id or a folder; text only")
    revision: str | None = Field(None, description="commit or tag; null: the newest, whatever it is by then")


class UltronSettings(Section):
    """Ultron: the model that is trained to share images."""

    model: str = Field("llama", description="llama, qwen, smol; or any image-text-to-text model by id or folder")
    revision: str | None = Field(None, description="commit or tag; null: the newest, whatever it is by then")
    out: str = Field("warehouse/ultron", description="the folder of checkpoints and adapters")
    targets: Literal["all", "assistant", "image"] = Field("all", description="which turns are learned")
    earlier_images: Literal["text", "pixels"] = Field("text", description="how images before the target are told")
    face: bool = Field(True, description="whether the person's face is shown")
    special_tokens: Literal["text", "added"] = Field(
        "text", description="<RET>, <h>, </h>: spelt in the tokens there are, or three tokens of their own"
    )
    max_tokens: int = Field(2048, ge=64, description="of a sample; older turns are left out to fit")
    image_tokens: int = Field(1600, ge=1, description="of one image, for the plan alone; llama takes none of the text")
    epochs: float = Field(1.0, gt=0)
    max_steps: int | None = Field(None, ge=1, description="null: by epochs")
    batch_size: int = Field(1, ge=1, description="samples at once on one device")
    accumulation: int = Field(16, ge=1, description="batches to one step")
    learning_rate: float = Field(2e-4, gt=0)
    warmup: float = Field(0.03, ge=0, lt=1, description="share of the steps")
    bf16: bool | None = Field(None, description="null: where the device can")
    gradient_checkpointing: bool = True
    packing: bool = Field(False, description="several samples in one row; text-only models alone")
    save_steps: int = Field(100, ge=1, description="between two checkpoints, and two evaluations")
    eval_samples: int = Field(500, ge=1, description="of split validation that one evaluation looks at, at most")
    keep: int = Field(2, ge=1, description="checkpoints that are kept")
    patience: int | None = Field(3, ge=1, description="evaluations without progress that end it; null: none do")
    processes: int = Field(1, ge=1, description="one a GPU; over several machines through Spark")
    local: bool = Field(True, description="processes on the driver's machine; false: on the executors")
    lora: LoraSettings = LoraSettings()
    instructions: InstructionSettings = InstructionSettings()
    summariser: SummariserSettings = SummariserSettings()

    @property
    def model_id(self) -> str:
        """The id behind a short name."""
        return PRESETS.get(self.model, self.model)
