"""The jobs of the Databricks bundle, written from the pipeline by `make docs`: a task a stage, in the list's order.

Stages run one after the other, each in a task of its own: limits and budget are those of one run at a time, and a
cluster lives as long as stages of its kind follow each other, so that no GPU waits for chat models.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import yaml

from stark_udfs.cli.setup.bundle_packages import Packages
from stark_udfs.engine.lock import LEASE_S
from stark_udfs.engine.stage import ImageStage, Stage
from stark_udfs.stages.pipeline import MODULES, Settings, stages

Node = dict[str, object]

HEAD = """\
# Written by `make docs` from the pipeline: {what}
# Change stark_udfs/cli/setup/bundle.py or the variables of databricks.yml, not this file.
"""
PIPELINE, MAINTENANCE = "resources/stark_pipeline.yml", "resources/stark_maintenance.yml"
PACKAGE, ENTRY_POINT, WHEEL = "stark-mcu", "stark-task", "../dist/*.whl"
VOLUME = "/".join(
    ("/Volumes", *(f"${{resources.volumes.stark.{part}}}" for part in ("catalog_name", "schema_name", "name")))
)
PLACES = {
    "storage.tables": "${resources.schemas.stark.catalog_name}.${resources.schemas.stark.name}",
    "storage.files": f"{VOLUME}/files",
}
MODELS = {
    "models.default.provider": "${var.chat_provider}",
    "models.default.name": "${var.chat_model}",
    "models.default.base_url": "${var.chat_url}",
    "models.default.auth": "${var.chat_auth}",
    "pictures.provider": "${var.pictures}",
}
DISK = {"ultron.out": "/local_disk0/stark/ultron"}  # checkpoints are rewritten in place, which a volume does not take
HOUR_S = 3600
RETRY_AFTER_MS = int((LEASE_S + 60) * 1000)  # by then the lock of a driver that was killed is free


def bundle_pages(root: Path) -> dict[str, str]:
    """Path in the checkout → what stands there."""
    packages = Packages.of(root / "setup.py")
    pipeline = _page("the stages in their order, then export, report, evaluation and training.", pipeline_job(packages))
    care = _page("the care of the tables.", maintenance_job(packages))
    return {PIPELINE: pipeline, MAINTENANCE: care}


def pipeline_job(packages: Packages) -> Node:
    """The job that makes, checks, writes and learns from the data set."""
    chosen = stages(Settings())[: len(MODULES)]  # without the judges, of whom settings may name any
    clusters, of_stage = _clusters(chosen)
    tasks = []
    for before, stage in zip([None, *chosen], chosen, strict=False):
        painted = isinstance(stage, ImageStage)
        tasks.append(
            _task(
                stage.name,
                after=[] if before is None else [before.name],
                cluster=of_stage[stage.name],
                arguments=_run(stage.name, until=stage.name),
                libraries=packages.models if painted else packages.calls,
                hours=48 if painted else 24,
                retries=3,
            )
        )
    last, cluster = chosen[-1].name, of_stage[chosen[-1].name]
    tasks += _after(last, cluster, packages)
    clusters.append(_cluster("training", runtime="gpu_runtime", node="train_node_type", workers=None))
    return _job(
        "stark_pipeline",
        name="stark-pipeline",
        says="Persona-grounded, long-term, multi-modal conversations: a task a stage. What is there is not paid again.",
        clusters=clusters,
        tasks=tasks,
        parameters={
            "episodes": "${var.episodes}",
            "budget": "${var.budget}",
            "train": "false",
            "people_source": "null",
            "episodes_per_person": "null",
            "remove_missing": "0",
        },
        cron="0 0 3 * * ?",
    )


def maintenance_job(packages: Packages) -> Node:
    """The job that compacts tables and removes the files of old versions."""
    task = _task(
        "maintain",
        after=[],
        cluster="tables",
        arguments=["maintain", "--apply", *_settings(PLACES | {"ultron.out": f"{VOLUME}/ultron"})],
        libraries=packages.calls,
        hours=12,
        retries=1,
    )
    return _job(
        "stark_maintenance",
        name="stark-maintenance",
        says="OPTIMIZE and VACUUM; refuses to begin while a run is at work.",
        clusters=[_cluster("tables", runtime="cpu_runtime", node="cpu_node_type", workers="cpu_workers")],
        tasks=[task],
        parameters={},
        cron="0 0 2 ? * SUN",
    )


def _after(last: str, cluster: str, packages: Packages) -> list[Node]:
    """What follows the stages."""
    scores, judged = f"{VOLUME}/evaluation", "judgements"
    read = {
        "export": ["export", f"{VOLUME}/release", "--overwrite"],
        "report": ["report", "--out", f"{VOLUME}/report.html"],
        "evaluate_probes": ["evaluate", "probes", "--json", f"{scores}/probes.json"],
        "evaluate_retrieval": ["evaluate", "retrieval", "--out", f"{scores}/retrieval.json"],
    }
    return [
        # from the last stage on, which has nothing to do by then: the judges, however many the settings name
        _task(
            judged,
            after=[last],
            cluster=cluster,
            arguments=_run(last, until=None),
            libraries=packages.calls,
            hours=24,
            retries=3,
        ),
        *(
            _task(
                key,
                after=[judged],
                cluster=cluster,
                arguments=[*words, *_settings(PLACES)],
                libraries=packages.report,
                hours=12,
            )
            for key, words in read.items()
        ),
        {
            "task_key": "if_train",
            "depends_on": [{"task_key": judged}],
            "condition_task": {"op": "EQUAL_TO", "left": _parameter("train"), "right": "true"},
        },
        _task(
            "train",
            after=["if_train"],
            outcome="true",
            cluster="training",
            arguments=["train", "--copy-to", f"{VOLUME}/ultron", *_settings(PLACES | DISK)],
            libraries=packages.training,
            hours=72,
            retries=1,
        ),
    ]


def _clusters(chosen: Sequence[Stage]) -> tuple[list[Node], dict[str, str]]:
    """A cluster for each stretch of stages of one kind, and by stage the key of its cluster."""
    made: list[Node] = []
    of_stage: dict[str, str] = {}
    for number, (painted, group) in enumerate(groupby(chosen, lambda stage: isinstance(stage, ImageStage)), start=1):
        key = f"{'pictures' if painted else 'calls'}_{number}"
        of_stage |= {stage.name: key for stage in group}
        made.append(
            _cluster(key, runtime="picture_runtime", node="picture_node_type", workers="gpu_workers")
            if painted
            else _cluster(key, runtime="cpu_runtime", node="cpu_node_type", workers="cpu_workers")
        )
    return made, of_stage


def _cluster(key: str, *, runtime: str, node: str, workers: str | None) -> Node:
    """Dedicated access: others have no `sparkContext`, and UDFs without a network. `workers` None: one machine."""
    alone: Node = {"custom_tags": {"ResourceClass": "SingleNode"}, "num_workers": 0}
    spark = {"spark.speculation": "false"}  # a speculative copy of a paid task waits for nothing
    if workers is None:
        spark |= {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*, 4]"}
    return {
        "job_cluster_key": key,
        "new_cluster": {
            "spark_version": f"${{var.{runtime}}}",
            "node_type_id": f"${{var.{node}}}",
            "data_security_mode": "SINGLE_USER",
            "spark_conf": spark,
            "spark_env_vars": "${var.environment}",
            **(alone if workers is None else {"num_workers": f"${{var.{workers}}}"}),
        },
    }


def _task(
    key: str,
    *,
    after: Sequence[str],
    cluster: str,
    arguments: Sequence[str],
    libraries: Sequence[str],
    hours: int,
    retries: int = 0,
    outcome: str | None = None,
) -> Node:
    """A task that calls the wheel's entry point; the same arguments as `stark` takes."""
    before = [{"task_key": name} | ({} if outcome is None else {"outcome": outcome}) for name in after]
    again: Node = {"max_retries": retries}
    if retries:
        again |= {"min_retry_interval_millis": RETRY_AFTER_MS}
    return {
        "task_key": key,
        **({"depends_on": before} if before else {}),
        "job_cluster_key": cluster,
        "python_wheel_task": {
            "package_name": PACKAGE,
            "entry_point": ENTRY_POINT,
            "parameters": list(arguments),
        },
        "libraries": [{"whl": WHEEL}, *({"pypi": {"package": package}} for package in libraries)],
        "timeout_seconds": hours * HOUR_S,
        **again,
        "retry_on_timeout": False,
    }


def _run(first: str, *, until: str | None) -> list[str]:
    last = [] if until is None else ["--until", until]
    people = {
        "people.source": _parameter("people_source"),
        "pipeline.episodes_per_person": _parameter("episodes_per_person"),
    }
    options = ("episodes", "budget", "remove-missing")
    given = [word for name in options for word in (f"--{name}", _parameter(name.replace("-", "_")))]
    return ["run", "--from", first, *last, *given, *_settings(PLACES | MODELS | people)]


def _parameter(name: str) -> str:
    return f"{{{{job.parameters.{name}}}}}"


def _settings(values: Mapping[str, str]) -> list[str]:
    return [
        "--target",
        "databricks",
        *(word for name, value in values.items() for word in ("--set", f"{name}={value}")),
    ]


def _job(
    key: str,
    *,
    name: str,
    says: str,
    clusters: Sequence[Node],
    tasks: Sequence[Node],
    parameters: Mapping[str, str],
    cron: str,
) -> Node:
    """A job of which one run is at work at a time; later ones wait in the queue."""
    job: Node = {
        "name": name,
        "description": says,
        "max_concurrent_runs": 1,
        "queue": {"enabled": True},
        "schedule": {"quartz_cron_expression": cron, "timezone_id": "UTC", "pause_status": "PAUSED"},
        "email_notifications": {"on_failure": ["${var.notify}"], "no_alert_for_skipped_runs": True},
        "permissions": [{"group_name": "${var.readers}", "level": "CAN_VIEW"}],
        "tags": {"project": "stark"},
    }
    if parameters:
        job["parameters"] = [{"name": name, "default": default} for name, default in parameters.items()]
    return {"resources": {"jobs": {key: job | {"job_clusters": list(clusters), "tasks": list(tasks)}}}}


class _Plain(yaml.SafeDumper):
    """Without anchors: every task is written out."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _page(what: str, tree: Node) -> str:
    text = yaml.dump(tree, Dumper=_Plain, sort_keys=False, width=116, allow_unicode=True)
    return HEAD.format(what=what) + text
