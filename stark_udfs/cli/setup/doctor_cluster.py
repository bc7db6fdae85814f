"""`stark doctor --cluster`: whether executors have what the driver has, one line each."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from stark_udfs.cli.setup.doctor import Finding
from stark_udfs.engine.ask.failed_tasks import last_words
from stark_udfs.stages.pipeline import Settings

if TYPE_CHECKING:
    from stark_udfs.engine.cluster.probe import ClusterFacts, MachineFacts

NEEDED = (  # by tasks; the driver alone needs more
    "pyspark",
    "pandas",
    "pyarrow",
    "numpy",
    "pydantic",
    "openai",
    "httpx2",
    "aiohttp",
    "protego",
    "pyyaml",
    "fsspec",
    "pillow",
)
PAINTING = ("torch", "torchvision", "transformers", "diffusers", "peft", "safetensors", "faiss-cpu")
IDENTITIES = {  # auth → what makes its tokens, and where it finds the identity
    "azure_ad": ("azure-identity", ()),
    "databricks": ("databricks-sdk", ("DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET")),
}
PACKED = "send a packed environment (stark pack): --archives environment.tar.gz#environment"
SHOWN = 3  # hosts that are named


def examine_cluster(settings: Settings) -> Iterator[Finding]:
    """Start Spark, ask every executor, and compare; no call is made and nothing is paid."""
    from stark_udfs.engine.cluster.probe import probe
    from stark_udfs.tables.session import spark_session

    spark = spark_session(settings.spark)
    packages, variables = needed(settings)
    yield from findings(probe(spark, settings.storage.files, packages, variables), gpus=settings.pictures.gpus)


def needed(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Packages and environment variables that tasks need with these settings."""
    paints = settings.pictures.provider == "models"
    packages: list[str] = [*NEEDED, *(PAINTING if paints else ())]
    variables: list[str] = []
    for model in settings.models.values():
        if model.provider == "offline":
            continue
        if model.auth in IDENTITIES:
            package, names = IDENTITIES[model.auth]
            packages.append(package)
            variables += names
        elif model.secret is not None:
            variables.append(model.secret)
    web = settings.pictures.web
    if paints:
        variables += [name for name in (web.secret, web.proxy_secret) if name is not None]
    return tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(variables))


def findings(found: "ClusterFacts", *, gpus: int) -> Iterator[Finding]:
    """What the facts come to.

    Args:
        found: of driver and executors.
        gpus: that a picture task asks Spark for.
    """
    if found.failed:
        yield Finding("executors", False, _why(found.failed))
        return
    answered = f"{len(found.executors)} of {found.expected} answered, {found.cores} tasks at once"
    missing = "; those that are busy or gone said nothing: try again when no run is at work"
    all_there = len(found.executors) >= found.expected
    yield Finding("executors", all_there, answered if all_there else answered + missing)
    yield _python(found)
    yield _code(found)
    yield from _packages(found)
    for name in found.driver.variables:
        without = _hosts(found, partial(_lacks, name))
        way = f"not set on {without}: --conf spark.executorEnv.{name}=…, or the environment of the cluster"
        yield Finding(f"{name} on executors", not without, way if without else "set")
    lost = _hosts(found, lambda one: not one.broker)
    alone = (
        f"not reached from {lost}: every task would keep to its share of the limits. Open the driver's ports to the "
        "executors, or set spark.driver.host to an address that they reach"
    )
    yield Finding("broker from executors", not lost, alone if lost else "reached")
    yield _files(found)
    if gpus:
        yield _gpus(found)


def _python(found: "ClusterFacts") -> Finding:
    ours = found.driver.python
    minor = ours.rsplit(".", 1)[0]
    other = {one.python for one in found.executors if one.python.rsplit(".", 1)[0] != minor}
    if other:
        return Finding(
            "Python on executors", False, f"{', '.join(sorted(other))}; the driver has {ours}. Set PYSPARK_PYTHON to "
            f"the same version everywhere, or {PACKED}",
        )  # fmt: skip
    return Finding("Python on executors", True, f"{ours}, as on the driver")


def _code(found: "ClusterFacts") -> Finding:
    without = _hosts(found, lambda one: one.code is None)
    if without:
        return Finding(
            "code on executors",
            False,
            f"stark_udfs is not found on {without}: give spark-submit --py-files dist/stark.zip (make submit-files)",
        )
    other = _hosts(found, lambda one: one.code != found.driver.code)
    says = f"another build of stark_udfs on {other}: give all the wheel that the driver has" if other else "the same"
    return Finding("code on executors", not other, says if other else "the driver's own build")


def _packages(found: "ClusterFacts") -> Iterator[Finding]:
    wrong = False
    for name, ours in found.driver.packages.items():
        theirs = {one.packages[name] for one in found.executors} - {ours}
        if not theirs:
            continue
        wrong = True
        hosts = _hosts(found, partial(_has_other, name, ours))
        versions = ", ".join(sorted("none" if version is None else version for version in theirs))
        yield Finding(
            f"{name} on executors",
            False,
            f"{versions} on {hosts}; the driver has {ours or 'none'}. Install the same, or {PACKED}",
        )
    absent = [name for name, version in found.driver.packages.items() if version is None]
    if absent and not wrong:
        yield Finding("packages on executors", False, f"{', '.join(absent)}: not installed, here or there; or {PACKED}")
    elif not wrong:
        yield Finding("packages on executors", True, f"{len(found.driver.packages)} of the driver's versions")


def _files(found: "ClusterFacts") -> Finding:
    what = "storage.files on executors"
    for one in found.executors:
        if one.wrote:
            return Finding(what, False, f"cannot be written from {one.host}: {one.wrote}")
    blind = _hosts(found, lambda one: not one.seen or one.executor not in found.visible)
    if blind:
        shared = "such as s3://…, a network folder or a Volume, as storage.files and storage.tables"
        return Finding(
            what,
            False,
            f"what one side writes, the other does not see ({blind}): name a place that all share, {shared}",
        )
    return Finding(what, True, "written there, seen here, and the other way round")


def _gpus(found: "ClusterFacts") -> Finding:
    without = _hosts(found, lambda one: not one.gpus)
    if without:
        return Finding("GPU on executors", False, f"none on {without}, but pictures.gpus asks for one")
    if found.gpu_conf is None and found.expected > 0:
        return Finding(
            "GPU on executors",
            False,
            "there, but Spark does not know it: spark.executor.resource.gpu.amount=1, with a discoveryScript",
        )
    return Finding("GPU on executors", True, f"on all, {found.gpu_conf} to an executor")


def _lacks(variable: str, one: "MachineFacts") -> bool:
    return not one.variables[variable]


def _has_other(package: str, ours: str | None, one: "MachineFacts") -> bool:
    return one.packages[package] != ours


def _hosts(found: "ClusterFacts", wrong: "Callable[[MachineFacts], bool]") -> str:
    """The hosts of the executors of which something is true; empty: of none."""
    hosts: Sequence[str] = sorted({one.host for one in found.executors if wrong(one)})
    return ", ".join(hosts[:SHOWN]) + (f" and {len(hosts) - SHOWN} more" if len(hosts) > SHOWN else "")


def _why(failed: str) -> str:
    if "PYTHON_VERSION_MISMATCH" in failed:
        return f"they have another Python than the driver: set PYSPARK_PYTHON to the same version, or {PACKED}"
    return f"the tasks failed: {last_words(failed)}"
