from pathlib import Path

import pytest
import yaml

from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.load import RENAMED, conf_folder, merge, packaged_conf
from stark_udfs.stages.pipeline import Settings, load_settings

CONF = Path(__file__).parents[2] / "conf"
TARGETS = sorted(path.stem for path in CONF.glob("*.yml"))


def describe_load_settings():
    @pytest.mark.parametrize("target", TARGETS)
    def it_reads_every_target_of_the_checkout(target: str):
        assert isinstance(load_settings(target, conf=CONF), Settings)

    def base_holds_the_defaults_and_nothing_else():
        assert load_settings("base", conf=CONF) == Settings()

    def a_target_lies_over_base_and_an_override_over_both(tmp_path: Path):
        (tmp_path / "base.yml").write_text("albums: {images: 7}\nlimits: {stop_after: 9}\n")
        (tmp_path / "mine.yml").write_text("albums: {images: 8}\n")
        settings = load_settings("mine", conf=tmp_path, overrides=["limits.stop_rejects=0.25"])
        assert (settings.albums.images, settings.limits.stop_after, settings.limits.stop_rejects) == (8, 9, 0.25)
        assert settings.events == Settings().events

    def it_names_the_targets_there_are():
        with pytest.raises(SettingsError, match=r"target 'opnai': no .*Targets there: azure, base, "):
            load_settings("opnai", conf=CONF)

    def it_names_the_nearest_known_key():
        with pytest.raises(
            SettingsError, match=r"sessions.turn_mean: no such setting. Did you mean sessions.turns_mean"
        ):
            load_settings("demo", conf=CONF, overrides=["sessions.turn_mean=3"])

    def it_names_every_mistake_at_once():
        with pytest.raises(SettingsError) as caught:
            load_settings("demo", conf=CONF, overrides=["albums.images=0", "limits.stop_rejects=2"])
        assert "albums.images: " in str(caught.value)
        assert "limits.stop_rejects: " in str(caught.value)

    @pytest.mark.parametrize("override", ["albums.images", "=3", "albums.images=[1"])
    def it_says_how_an_override_is_written(override: str):
        with pytest.raises(SettingsError, match="--set"):
            load_settings("demo", conf=CONF, overrides=[override])

    def it_refuses_a_file_that_is_no_mapping(tmp_path: Path):
        (tmp_path / "base.yml").write_text("- 1\n")
        with pytest.raises(SettingsError, match="must be a mapping of sections"):
            load_settings("base", conf=tmp_path)


def describe_renamed_settings():
    @pytest.mark.parametrize("old", RENAMED)
    def they_are_refused_with_the_new_name(old: str):
        value = "{model: m, least: 0.5}" if old.startswith("pictures.detector") else "1"
        given = f"pictures.detector={value}" if old.startswith("pictures.detector") else f"{old}={value}"
        with pytest.raises(SettingsError, match=f"{old}: this setting is called {RENAMED[old]} now"):
            load_settings("demo", conf=CONF, overrides=[given])

    @pytest.mark.parametrize("new", [name for name in RENAMED.values() if "detector" not in name])
    def the_new_names_are_there(new: str):
        *sections, name = new.split(".")
        section: object = Settings()
        for part in sections:
            section = getattr(section, part)
        assert name in type(section).model_fields


def describe_conf_folder():
    def it_is_the_one_that_is_named(tmp_path: Path):
        (tmp_path / "base.yml").write_text("")
        assert conf_folder(tmp_path) == tmp_path

    def else_the_one_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf" / "base.yml").write_text("")
        monkeypatch.chdir(tmp_path)
        assert conf_folder() == Path("conf")

    def else_the_packaged_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.chdir(tmp_path)
        assert conf_folder() == packaged_conf()
        assert (packaged_conf() / "base.yml").is_file()

    def it_says_what_to_do_where_the_named_one_is_missing(tmp_path: Path):
        with pytest.raises(SettingsError, match=r"no base.yml in .*stark init "):
            conf_folder(tmp_path / "nowhere")


def describe_merge():
    def it_merges_mappings_and_replaces_the_rest():
        under = {"a": {"x": 1, "y": [1, 2]}, "b": 1}
        assert merge(under, {"a": {"y": [3]}, "c": 2}) == {"a": {"x": 1, "y": [3]}, "b": 1, "c": 2}
        assert under == {"a": {"x": 1, "y": [1, 2]}, "b": 1}


def describe_base_yml():
    def it_is_yaml_of_every_setting():
        tree = yaml.safe_load((CONF / "base.yml").read_text("utf-8"))
        assert tree.keys() == Settings.model_fields.keys()
