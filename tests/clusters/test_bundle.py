"""The Databricks bundle, validated without a workspace."""

import ast
import importlib
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from databricks.bundles.jobs import Job
from databricks.bundles.schemas import Schema
from databricks.bundles.volumes import Volume

from stark_udfs.calls.providers.client import provider_of
from stark_udfs.cli.main import app
from stark_udfs.cli.options import COMMON, arranged
from stark_udfs.engine.lock import LEASE_S
from stark_udfs.engine.stage import ImageStage
from stark_udfs.stages.pipeline import MODULES, Settings, load_settings, stages
from stark_udfs.tables.address import in_catalog
from tests.clusters import bundle

TARGETS = ("dev", "prod")
CLOUDS = sorted((bundle.ROOT / "resources" / "clouds").glob("*.json"))
PARAMETER = re.compile(r"\{\{job\.parameters\.(\w+)\}\}")


def resolved(target: str, **given: object) -> dict[str, dict[str, dict]]:
    return bundle.for_target(bundle.read(), target, given)["resources"]  # type: ignore[return-value]


def jobs(target: str = "dev") -> dict[str, dict]:
    return resolved(target)["jobs"]


def tasks(target: str = "dev") -> list[tuple[dict, dict]]:
    """Every task that calls the wheel, with its job."""
    return [(job, task) for job in jobs(target).values() for task in job["tasks"] if "python_wheel_task" in task]


def arguments_of(job: dict, task: dict) -> list[str]:
    """What the task is called with where a run gives no parameters of its own."""
    defaults = {one["name"]: one["default"] for one in job.get("parameters", [])}
    return [PARAMETER.sub(lambda match: defaults[match[1]], word) for word in task["python_wheel_task"]["parameters"]]


def describe_the_bundle():
    @pytest.mark.parametrize("target", TARGETS)
    def it_is_taken_by_the_models_of_databricks(target: str):
        found = resolved(target)
        for job in found["jobs"].values():
            assert Job.from_dict(job).as_dict()["tasks"]
        assert [Schema.from_dict(one).name for one in found["schemas"].values()] == ["stark"]
        assert [Volume.from_dict(one).schema_name for one in found["volumes"].values()] == ["stark"]

    @pytest.mark.parametrize("cloud", CLOUDS, ids=lambda path: path.stem)
    def it_takes_the_node_types_of_each_cloud(cloud: Path):
        given = json.loads(cloud.read_text(encoding="utf-8"))
        nodes = {
            cluster["new_cluster"]["node_type_id"]
            for job in resolved("prod", **given)["jobs"].values()
            for cluster in job["job_clusters"]
        }
        assert nodes == set(given.values())

    def it_refers_to_nothing_that_is_not_there():
        tree = bundle.read()
        tree["resources"]["jobs"]["stark_pipeline"]["name"] = "${var.absent}"  # type: ignore[index]
        with pytest.raises(bundle.Dangling, match="there is no absent"):
            bundle.for_target(tree, "dev")

    @pytest.mark.parametrize("target", TARGETS)
    def its_tasks_have_clusters_and_predecessors_that_exist_and_every_cluster_is_used(target: str):
        for job in jobs(target).values():
            names = [task["task_key"] for task in job["tasks"]]
            clusters = [cluster["job_cluster_key"] for cluster in job["job_clusters"]]
            assert len(names) == len(set(names))
            assert set(clusters) == {task["job_cluster_key"] for task in job["tasks"] if "job_cluster_key" in task}
            for place, task in enumerate(job["tasks"]):
                before = [one["task_key"] for one in task.get("depends_on", [])]
                assert set(before) <= set(names[:place]), f"{task['task_key']} waits for what comes later, or never"

    def its_variables_are_all_used_and_its_parameters_are_all_known():
        tree = bundle.read()
        text = "\n".join(path.read_text(encoding="utf-8") for path in (bundle.ROOT / "resources").glob("*.yml"))
        text += (bundle.ROOT / "databricks.yml").read_text(encoding="utf-8")
        assert {name for name in tree["variables"] if f"${{var.{name}}}" not in text} == set()  # type: ignore[attr-defined]
        for job in jobs().values():
            said = {one["name"] for one in job.get("parameters", [])}
            assert set(PARAMETER.findall(json.dumps(job["tasks"]))) == said

    def its_conditions_are_waited_for_by_their_outcome():
        for job in jobs().values():
            conditions = {task["task_key"] for task in job["tasks"] if "condition_task" in task}
            for task in job["tasks"]:
                for one in task.get("depends_on", []):
                    assert (one["task_key"] in conditions) == ("outcome" in one)


def describe_the_pipeline_job():
    def its_tasks_are_the_stages_in_their_order_each_after_the_one_before():
        chain = [task for task in jobs()["stark_pipeline"]["tasks"]][: len(MODULES)]
        names = [stage.name for stage in stages(Settings())[: len(MODULES)]]
        assert [task["task_key"] for task in chain] == names
        assert [[one["task_key"] for one in task.get("depends_on", [])] for task in chain] == [
            [],
            *([name] for name in names[:-1]),
        ]
        for name, task in zip(names, chain, strict=True):
            words = task["python_wheel_task"]["parameters"]
            assert words[:5] == ["run", "--from", name, "--until", name]

    def it_leaves_no_stage_out_however_many_judges_there_are():
        last = stages(Settings())[len(MODULES) - 1].name
        job = jobs()["stark_pipeline"]
        rest = next(task for task in job["tasks"] if task["task_key"] == "judgements")
        assert rest["python_wheel_task"]["parameters"][:3] == ["run", "--from", last]
        assert "--until" not in rest["python_wheel_task"]["parameters"]

    def it_gives_pictures_and_training_a_gpu_and_nothing_else():
        job = jobs("prod")["stark_pipeline"]
        runtime = {one["job_cluster_key"]: one["new_cluster"]["spark_version"] for one in job["job_clusters"]}
        on_gpu = {task["task_key"] for task in job["tasks"] if "gpu" in runtime.get(task.get("job_cluster_key"), "")}
        pictures = {stage.name for stage in stages(Settings()) if isinstance(stage, ImageStage)}
        assert on_gpu == pictures | {"train"}

    def it_keeps_no_cluster_waiting_for_stages_of_another_kind():
        keys = [task["job_cluster_key"] for task in jobs()["stark_pipeline"]["tasks"][: len(MODULES)]]
        changes = sum(before != after for before, after in pairwise(keys))
        assert changes + 1 == len(set(keys))

    def it_spends_nothing_by_itself():
        for job in jobs("prod").values():
            assert job["schedule"]["pause_status"] == "PAUSED"
        for job, task in tasks("dev"):
            words = arguments_of(job, task)
            if words[0] == "run":
                assert {"models.default.provider=offline", "pictures.provider=offline"} <= set(words)
                assert "--budget" in words


def describe_every_job():
    def it_runs_once_at_a_time_and_is_tried_again_when_the_lock_of_a_killed_driver_is_free():
        for job in jobs().values():
            assert (job["max_concurrent_runs"], job["queue"]) == (1, {"enabled": True})
        for _, task in tasks():
            assert task["timeout_seconds"] > 0
            assert task["retry_on_timeout"] is False
            assert not task["max_retries"] or task["min_retry_interval_millis"] > LEASE_S * 1000

    @pytest.mark.parametrize("target", TARGETS)
    def it_calls_stark_with_options_and_settings_that_exist(target: str):
        group = typer.main.get_command(app)
        for job, task in tasks(target):
            words = arranged(arguments_of(job, task))
            rest = list(words)
            while rest[0] in COMMON:
                del rest[:2]
            with group.make_context("stark", list(words)) as context:
                given = context.params
                command, at = group, rest
                while hasattr(command, "commands"):
                    command, at = command.commands[at[0]], at[1:]
                with command.make_context(rest[0], list(at), parent=context) as asked:
                    assert asked.args == []
            settings = load_settings(given["target"], conf=bundle.ROOT / "conf", overrides=given["overrides"] or ())
            assert in_catalog(settings.storage.tables)
            if words[0] == "--target" and "run" in words:
                model = settings.models["default"]
                offline = target == "dev"
                assert provider_of(model).inside(model) == offline
                assert model.auth == ("key" if offline else "databricks")
                assert offline or model.base_url == f"{bundle.WORKSPACE['workspace.host']}/serving-endpoints"
            assert settings.storage.files.startswith("/Volumes/main/stark/stark/")

    def it_calls_an_entry_point_of_the_wheel():
        setup = ast.parse((bundle.ROOT / "setup.py").read_text(encoding="utf-8"))
        calls = [one for one in ast.walk(setup) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
        given = {one.arg: one.value for call in calls if call.func.id == "setup" for one in call.keywords}
        scripts = dict(line.split("=", 1) for line in ast.literal_eval(given["entry_points"])["console_scripts"])
        for _, task in tasks():
            wheel = task["python_wheel_task"]
            assert wheel["package_name"] == ast.literal_eval(given["name"])
            module, function = scripts[wheel["entry_point"]].split(":")
            assert callable(getattr(importlib.import_module(module), function))

    def it_installs_the_wheel_that_the_bundle_builds_and_packages_as_setup_has_them():
        known = (bundle.ROOT / "setup.py").read_text(encoding="utf-8")
        tree = bundle.read()
        assert tree["artifacts"] == {"wheel": {"type": "whl", "build": "python setup.py bdist_wheel", "path": "."}}
        for _, task in tasks():
            assert task["libraries"][0] == {"whl": "../dist/*.whl"}
            for library in task["libraries"][1:]:
                package = library["pypi"]["package"]
                assert f'"{package}"' in known or package.startswith("bitsandbytes")
