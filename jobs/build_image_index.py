"""Index pictures for retrieval: `spark-submit build_image_index.py --pictures DIR --out DIR --source NAME`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from stark_udfs.images.models import configured
from stark_udfs.stages.images.build_index import build_index, index_summary
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tuning import cores


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the index; `pictures.indexes` of the settings then names its folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", required=True, help="a folder or URI")
    parser.add_argument("--form", choices=("folder", "webdataset", "table"), default="folder")
    parser.add_argument("--out", required=True, type=Path, help="folder of the index, seen by driver and executors")
    parser.add_argument("--source", required=True, help="its name, as `images.source` will say it")
    parser.add_argument("--licence", default="", help="of pictures that do not say their own")
    parser.add_argument("--target", default="demo")
    parser.add_argument("--conf", help="folder of the settings; without it ./conf, or the packaged ones")
    parser.add_argument("--set", dest="overrides", action="append", default=[], metavar="A.B=C")
    options = parser.parse_args(arguments)
    settings = load_settings(options.target, conf=options.conf, overrides=options.overrides)
    clip = configured.clip(settings.pictures.clip)
    asked = {"form": options.form, "source": options.source, "licence": options.licence}
    spark = spark_session(settings.spark)
    parts = settings.spark.partitions or cores(spark)
    built = build_index(spark, options.pictures, options.out, **asked, clip=clip, partitions=parts)
    sys.stdout.write(index_summary(built) + "\n")
    return 0


if __name__ == "__main__":
    if code := main():
        sys.exit(code)  # Databricks takes a SystemExit, even of 0, for a failure
