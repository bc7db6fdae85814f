"""What the clusters of the Databricks bundle install, read from setup.py."""

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path

OF_REPORTS = ("scipy", "krippendorff", "altair", "vl-convert-python", "bm25s")


class Packages:
    """What a cluster installs beside the wheel and its requirements, as setup.py has it."""

    def __init__(self, extras: Mapping[str, Sequence[str]]) -> None:
        """`extras`: by name of the list in setup.py."""
        local = [one for one in extras["LOCAL"] if one.split("[")[0].split(">")[0].split("=")[0] in OF_REPORTS]
        self.calls = [one for one in extras["TOKENS"] if one.startswith("databricks-sdk")]
        self.models = [*self.calls, *extras["MODELS"]]
        self.report = [*self.calls, *local]
        self.training = [*self.models, *extras["TRAIN"], "bitsandbytes>=0.45"]  # of QLoRA's four bits

    @classmethod
    def of(cls, setup: Path) -> "Packages":
        """Read without running it: the lists that are written out."""
        tree = ast.parse(setup.read_text(encoding="utf-8"))
        found = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in ("LOCAL", "MODELS", "TRAIN", "TOKENS"):
                    found[name] = ast.literal_eval(node.value)
        return cls(found)
