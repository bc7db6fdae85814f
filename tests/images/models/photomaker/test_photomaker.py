import dataclasses
from pathlib import Path

import numpy as np
import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.images.models.photomaker.person_encoder import PersonEncoder, read_checkpoint, vision_config
from stark_udfs.images.models.photomaker.photomaker import PhotoMakerSpec, add_trigger, words_of
from stark_udfs.images.models.sdxl import SdxlBase
from stark_udfs.images.models.weights import WeightFile
from stark_udfs.images.protocols import Painting, Unpaintable, loaded
from tests.images import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of diffusers itself

PROMPT = "a photo of a woman img, reading a book"
FACES = [tiny.picture(seed) for seed in range(6)]
ROWS = [Painting(str(at), PROMPT, at, 64, 64, "ugly text", faces=(FACES[at],)) for at in range(4)]


def changes(one: np.ndarray, other: np.ndarray) -> list[float]:
    return [float(np.abs(a.astype(int) - b).mean()) for a, b in zip(one, other, strict=True)]


def spec_of(models: Path, guidance: float = 5.0, file: str = "photomaker-v1.bin", **options: float) -> PhotoMakerSpec:
    weights = WeightFile(str(models / "photomaker"), file)
    return PhotoMakerSpec(SdxlBase(str(models / "sdxl")), weights, **{"steps": 4, "guidance": guidance} | options)


def describe_who_is_shown():
    @pytest.mark.parametrize("guidance", [5.0, 0.0])
    def it_changes_the_row_whose_face_changes_and_no_other(models: Path, guidance: float):
        painter = loaded(spec_of(models, guidance))
        other_face = [*ROWS[:1], dataclasses.replace(ROWS[1], faces=(FACES[5],)), *ROWS[2:]]
        before, after = painter.paint(ROWS), painter.paint(other_face)
        noise = max(changes(before, painter.paint(ROWS)))
        moved = changes(before, after)
        assert noise == 0
        assert moved[1] > 0.5, "of 255, on average: far above what rounding gives"
        assert [moved[at] for at in (0, 2, 3)] == [0, 0, 0]

    def it_shows_one_person_alike_in_every_place_of_a_batch(models: Path):
        painter = loaded(spec_of(models))
        twice = painter.paint([ROWS[0], ROWS[1], ROWS[0], ROWS[3]])
        assert changes(twice[:1], twice[2:3])[0] < 0.5

    def it_looks_at_every_face_of_a_person(models: Path):
        painter = loaded(spec_of(models))
        two = [dataclasses.replace(row, faces=(row.faces[0], FACES[4])) for row in ROWS]
        other = [dataclasses.replace(two[0], faces=(FACES[0], FACES[5])), *two[1:]]
        moved = changes(painter.paint(two), painter.paint(other))
        assert moved[0] > 0.3
        assert moved[1:] == [0, 0, 0]

    def it_shows_nobody_before_the_merge_step(models: Path):
        early, late = (loaded(spec_of(models, style_strength=strength)) for strength in (0, 50))
        other = [dataclasses.replace(row, faces=(FACES[5],)) for row in ROWS]
        early_moved, late_moved = (np.mean(changes(p.paint(ROWS), p.paint(other))) for p in (early, late))
        assert early_moved > late_moved > 0

    def it_keeps_the_negatives_after_the_merge(models: Path):
        painter = loaded(spec_of(models))
        without = [dataclasses.replace(row, negative="") for row in ROWS]
        assert min(changes(painter.paint(ROWS), painter.paint(without))) > 1


def describe_the_step_swap():
    def it_puts_negatives_first_exactly_as_the_pipeline_does(models: Path):
        import torch

        from stark_udfs.images.models.photomaker.photomaker import Prompts, swap_after

        fused = Prompts(torch.ones(2, 77, 4), torch.ones(2, 3))
        negative = Prompts(torch.zeros(2, 77, 4), torch.zeros(2, 3))
        swap = swap_after(3, fused, negative)
        held = {"prompt_embeds": torch.full((4, 77, 4), 9.0), "add_text_embeds": torch.full((4, 3), 9.0)}
        assert swap(None, 2, 0, held) == {}
        assert swap(None, 3, 0, held)["prompt_embeds"][:, 0, 0].tolist() == [0, 0, 1, 1]
        assert swap(None, 3, 0, held)["add_text_embeds"][:, 0].tolist() == [0, 0, 1, 1]
        unguided = {name: tensor[:2] for name, tensor in held.items()}
        assert swap(None, 3, 0, unguided)["prompt_embeds"][:, 0, 0].tolist() == [1, 1]

    @pytest.mark.parametrize(("steps", "strength", "step"), [(50, 20, 10), (50, 90, 30), (100, 50, 30), (50, 0, 0)])
    def it_comes_at_the_step_of_the_style_strength(models: Path, steps: int, strength: float, step: int):
        assert spec_of(models, steps=steps, style_strength=strength).merge_step == step

    def it_must_leave_a_step_to_show_the_face(models: Path):
        with pytest.raises(SettingsError, match="leaves no step"):
            spec_of(models, steps=4, style_strength=75)


def describe_the_checkpoint():
    def it_reads_pickle_and_safetensors_alike(models: Path):
        painters = [loaded(spec_of(models, file=f"photomaker-v1.{ending}")) for ending in ("bin", "safetensors")]
        assert (painters[0].paint(ROWS) == painters[1].paint(ROWS)).all()

    def it_fuses_the_lora_into_the_unet(models: Path):
        from diffusers import UNet2DConditionModel

        before = UNet2DConditionModel.from_pretrained(models / "sdxl", subfolder="unet").state_dict()
        after = loaded(spec_of(models)).pipeline.unet.state_dict()
        lora = read_checkpoint(models / "photomaker" / "photomaker-v1.bin").lora
        name = next(name for name in before if name.endswith("attn2.to_k.weight"))
        stem = f"unet.{name.removesuffix('.to_k.weight')}.processor.to_k_lora"
        learnt = lora[f"{stem}.up.weight"] @ lora[f"{stem}.down.weight"]
        assert set(after) == set(before), "no adapter stays beside the fused weights"
        assert learnt.abs().max() > 0.1
        assert (after[name] - before[name] - learnt).abs().max() < 1e-5

    def it_runs_no_code_of_a_pickle(tmp_path: Path):
        import torch

        touched = tmp_path / "touched"

        class Trap:
            def __reduce__(self) -> tuple[object, tuple[object, ...]]:
                return Path.touch, (touched,)

        torch.save({"id_encoder": Trap(), "lora_weights": {}}, tmp_path / "photomaker-v1.bin")
        with pytest.raises(SettingsError, match="else than tensors"):
            read_checkpoint(tmp_path / "photomaker-v1.bin")
        assert not touched.exists()

    def it_refuses_another_file(tmp_path: Path):
        import torch
        from safetensors.torch import save_file

        save_file({"id_encoder.x": torch.zeros(1)}, tmp_path / "other.safetensors")
        with pytest.raises(SettingsError, match="no PhotoMaker v1 file"):
            read_checkpoint(tmp_path / "other.safetensors")

    def it_reads_the_sizes_of_the_published_encoder_off_its_shapes():
        import torch

        def empty(*shape: int) -> torch.Tensor:
            return torch.empty(shape, device="meta")

        tensors = {
            "vision_model.embeddings.patch_embedding.weight": empty(1024, 3, 14, 14),
            "vision_model.embeddings.position_embedding.weight": empty(257, 1024),
            "vision_model.encoder.layers.0.mlp.fc1.weight": empty(4096, 1024),
            "visual_projection.weight": empty(768, 1024),
        } | {f"vision_model.encoder.layers.{layer}.layer_norm1.weight": empty(1024) for layer in range(24)}
        config = vision_config(tensors)
        assert (config.hidden_size, config.intermediate_size, config.num_attention_heads) == (1024, 4096, 16)
        assert (config.num_hidden_layers, config.patch_size, config.image_size) == (24, 14, 224)
        assert config.projection_dim == 768

    def it_names_what_an_encoder_lacks(models: Path):
        import torch

        tensors = dict(read_checkpoint(models / "photomaker" / "photomaker-v1.bin").encoder)
        del tensors["fuse_module.mlp1.fc1.weight"]
        with pytest.raises(SettingsError, match=r"fuse_module\.mlp1\.fc1\.weight"):
            PersonEncoder.of(tensors, torch.device("cpu"), torch.float32)


def describe_the_trigger():
    def it_is_one_token_past_the_vocabulary_where_it_stands_alone():
        tokenizer = tiny.tokenizer()
        known = len(tokenizer)
        plain = words_of(tokenizer, "a woman reading")
        add_trigger(tokenizer)
        trigger = tokenizer.convert_tokens_to_ids("img")
        assert words_of(tokenizer, "a woman img reading") == [*plain[:2], trigger, *plain[2:]]
        assert trigger in (known, tokenizer.get_vocab()["img"])
        assert trigger not in words_of(tokenizer, "imgur a woman")

    @pytest.mark.parametrize("prompt", ["a photo of a woman", "img of a woman", "a woman img and a man img"])
    def it_has_to_follow_one_class_word(models: Path, prompt: str):
        with pytest.raises(Unpaintable):
            loaded(spec_of(models)).paint([dataclasses.replace(ROWS[0], prompt=prompt)])

    def it_may_stand_in_a_negative_prompt(models: Path):
        pictures = loaded(spec_of(models)).paint([dataclasses.replace(ROWS[0], negative="ugly img")])
        assert pictures.shape == (1, 64, 64, 3)

    def it_needs_a_face(models: Path):
        with pytest.raises(Unpaintable, match="no face"):
            loaded(spec_of(models)).paint([dataclasses.replace(ROWS[0], faces=())])
