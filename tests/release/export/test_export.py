"""The way out and back: stages' tables → `episodes` → export → the libraries that people load it with → our tables."""

import glob
import hashlib
import json
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.errors import InputError
from stark_udfs.engine.run import run
from stark_udfs.release.export.export import Exported, export
from stark_udfs.release.export.marks import unmarked
from stark_udfs.release.public.cells import unescaped
from stark_udfs.release.public.load import import_public
from stark_udfs.settings.splits import SPLITS, split_of
from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.sql.public_episodes import NEW_IMAGE, public_names
from stark_udfs.sql.spark import SparkSql
from stark_udfs.stages.dataset import episodes
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.text.sessions import stage as sessions
from tests.conftest import CONF
from tests.release import warehouse
from tests.release.export.connect_server import connect_server
from tests.release.warehouse import ANA, BEA, CAI, DAN, HOSTILE, LICENCES, image_id, page_of
from tests.stages.given import settings_with

CLIENT = """
import sys
from pathlib import Path
from pyspark.sql import SparkSession
from stark_udfs.cli.main import main

address, conf, tables, files = sys.argv[1:]
common = ["--conf", conf, "--target", "demo", "--set", f"spark.master={address}", "--set", "tracking.enabled=false"]
places = ["--set", f"storage.tables={tables}", "--set", f"storage.files={files}"]
mine = ["--set", "release.creators=[us]", "--set", "release.licence=CC-BY-4.0"]
spark = SparkSession.builder.remote(address).getOrCreate()
spark.sql("CREATE SCHEMA stark")
for path in sorted(Path(tables).glob("*/_delta_log")):
    spark.sql(f"CREATE TABLE stark.{path.parent.name} USING DELTA LOCATION '{path.parent}'")
query = "select count(*) as n from episodes"
catalog = [*common, "--set", "storage.tables=spark_catalog.stark"]
codes = [
    main(["sql", "--format", "json", query, *catalog]),
    main(["report", "--out", "folder.html", *common, *places]),
    main(["report", "--out", "catalog.html", *catalog]),
    main(["export", "out", *common, *mine, *places]),
]
print("codes", codes, "refused", main(["run", "--until", "demographics", *common, *places]))
"""


@dataclass(frozen=True)
class World:
    """A warehouse with `episodes`, and what was exported of it."""

    settings: Settings
    out: Path
    done: Exported

    @property
    def tables(self) -> str:
        return self.settings.storage.tables

    def rows(self, part: str) -> list[dict[str, object]]:
        paths = sorted(self.out.glob(f"{part}/*.parquet"))
        return [row for path in paths for row in pq.read_table(path).to_pylist()]

    def episode(self, one: str) -> dict[str, object]:
        return next(row for row in self.rows("data") if one in str(row["index"]))


def settings_in(root: Path, **release: object) -> Settings:
    places = {"tables": str(root / "tables"), "files": str(root / "files")}
    return settings_with(storage=places, release={"creators": ["us"], "licence": "CC-BY-4.0", **release})


@pytest.fixture(scope="session")  # a describe block is a module of its own
def world(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> World:
    root = warehouse.build(tmp_path_factory.mktemp("release"))
    settings = settings_in(root)
    run([episodes.stage(settings)], settings, spark)
    return World(settings, root / "out", export(settings, spark, str(root / "out")))


def describe_episodes():
    def every_episode_has_its_row_and_says_why_it_is_left_out(world: World):
        rows = DuckSql(world.tables).ask("select episode_id, left_out, split from episodes").dicts()
        assert {row["episode_id"]: row["left_out"] for row in rows} == {
            ANA: None,
            BEA: None,
            CAI: None,
            DAN: "no_sessions",
        }
        rule, seed = world.settings.splits, world.settings.pipeline.seed
        assert {row["episode_id"]: row["split"] for row in rows} == {
            one: split_of(f"d{one}", rule, seed=seed) for one in (ANA, BEA, CAI, DAN)
        }

    def it_knows_kinds_of_licences_and_counts_what_is_missing(world: World):
        (row,) = DuckSql(world.tables).ask(f"select * from episodes where episode_id = '{ANA}'").dicts()
        shared = [image for s in row["sessions"] for turn in s["turns"] for image in turn["images"]]
        kinds = {image["image_id"]: image["picture"]["licence_kind"] for image in shared if image["picture"]}
        assert {name: kinds[image_id(ANA, name)] for name in LICENCES} == {n: kind for n, (_, kind) in LICENCES.items()}
        assert (row["images_shared"], row["images_missing"]) == (11, 1)


def describe_v_public_episodes():
    def it_is_the_same_on_both_engines(world: World, spark: SparkSession):
        query = "select * from v_public_episodes"
        duck, other = (engine.ask(query) for engine in (DuckSql(world.tables), SparkSql(spark, world.tables)))
        assert duck.columns == other.columns == public_names()
        assert sorted(map(str, duck.rows)) == sorted(map(str, other.rows))


def describe_export():
    def it_holds_the_public_schema(world: World):
        row = world.episode(ANA)
        assert tuple(row) == public_names()
        assert row["index"] == f"s{ANA}:{ANA}-routine"
        assert row["human_face_image_key"] == f"face:{ANA}"
        assert (row["session6:date"], row["session6:speakers"]) == ("", "[]")
        assert json.loads(str(row["session1:image_id_from_mobile"]))[-2:] == ["", NEW_IMAGE]
        assert json.loads(str(row["session2:image_id_from_mobile"]))[-1] == image_id(ANA, "album")
        keys = {json.loads(str(row[f"session{n}:images_key"]))[-1] for n in (3, 4)}
        assert keys == {f"url:{image_id(ANA, 'none')}", ""}

    def hostile_text_goes_through_unbroken(world: World):
        assert json.loads(str(world.episode(ANA)["session1:utterances"]))[: len(HOSTILE)] == list(HOSTILE)
        assert world.episode(ANA)["narrative"] == HOSTILE[2]

    def it_is_loaded_by_datasets_with_its_splits(world: World, tmp_path: Path):
        import datasets

        for name, part in (("default", "data"), ("nested", "episodes"), ("image_index", "image_index")):
            loaded = datasets.load_dataset(str(world.out), name, cache_dir=str(tmp_path))
            counts = {split: len(rows) for split, rows in loaded.items()}
            assert sum(counts.values()) == world.done.rows(part)
            assert set(counts) <= set(SPLITS)

    @pytest.mark.filterwarnings(
        "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
    )
    def webdataset_finds_the_very_pictures_of_the_tables(world: World):
        import webdataset

        shards = sorted(glob.glob(f"{world.out}/images/*.tar")) + sorted(glob.glob(f"{world.out}/faces/*.tar"))
        found = list(webdataset.WebDataset(shards, shardshuffle=False))
        hashes = {sample["__key__"]: hashlib.sha256(unmarked(sample["png"])).hexdigest() for sample in found}
        sql = DuckSql(world.tables)
        wanted = {row["image_id"]: row["sha256"] for row in sql.ask("select * from images where chosen").dicts()}
        wanted.update({row["episode_id"]: row["sha256"] for row in sql.ask("select * from faces").dicts()})
        withheld = {image_id(one, name) for one in (ANA, BEA, CAI) for name in ("nc", "nd", "none", "lost")}
        assert hashes == {key: sha256 for key, sha256 in wanted.items() if key not in withheld}

    def it_marks_what_a_model_painted_and_keeps_who_made_what_was_found(world: World):
        index = {row["key"]: row for row in world.rows("image_index")}
        assert index[image_id(ANA, "album")]["digital_source_type"] == "algorithmicMedia"  # the provider is offline
        by = index[image_id(ANA, "by")]
        assert (by["licence"], by["creator"], by["image_url"]) == ("CC BY 4.0", f"Rui {HOSTILE[2]}", page_of(ANA, "by"))
        nc = index[f"url:{image_id(ANA, 'nc')}"]
        assert (nc["state"], nc["shard"], nc["image_url"]) == ("page", None, page_of(ANA, "nc"))
        assert index[f"url:{image_id(ANA, 'none')}"]["state"] == "hash"
        assert index[image_id(ANA, "lost")]["state"] == "missing"
        assert world.done.pictures["images", "missing"] == 3

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of rdflib, inside it
    def mlcroissant_validates_and_reads_it(world: World):
        import mlcroissant

        read = mlcroissant.Dataset(jsonld=str(world.out / "croissant.json"))
        assert not read.metadata.ctx.issues.errors
        assert len(list(read.records("data_rows"))) == 3

    def the_card_says_first_that_it_is_simulated(world: World):
        body = (world.out / "README.md").read_text().split("---\n", 2)[2].strip()
        assert body.startswith("**Simulated: text and pictures")
        assert "<script>" not in body

    def its_checksums_hold_and_equal_tables_give_equal_files(world: World, spark: SparkSession, tmp_path: Path):
        sums = (world.out / "SHA256SUMS").read_text()
        for line in sums.splitlines():
            sha256, path = line.split("  ")
            assert hashlib.sha256((world.out / path).read_bytes()).hexdigest() == sha256
        export(world.settings, spark, str(tmp_path / "again"))
        assert (tmp_path / "again" / "SHA256SUMS").read_text() == sums

    def the_block_list_holds_in_every_part(world: World, spark: SparkSession, tmp_path: Path):
        sha256 = hashlib.sha256(warehouse.drawing(CAI, "new")).hexdigest()
        listed = tmp_path / "blocked.txt"
        listed.write_text(f"{BEA}\n{sha256}\n{page_of(CAI, 'by')}\n{page_of(CAI, 'nc')}\n")
        root = Path(world.tables).parent
        done = export(settings_in(root, block_list=str(listed)), spark, str(tmp_path / "out"))
        assert (done.rows("data"), done.pictures["images", "blocked"]) == (2, 3)
        gone = [BEA, sha256, page_of(CAI, "by"), page_of(CAI, "nc")]
        for path in (tmp_path / "out").rglob("*.parquet"):
            text = str(pq.read_table(path).to_pylist())
            assert not [word for word in gone if word in text], path
        for path in (tmp_path / "out").rglob("*.tar"):
            with tarfile.open(path) as tar:
                assert not {name.split(".")[0] for name in tar.getnames()} & {BEA, image_id(CAI, "by")}

    def trainers_get_messages_with_the_pictures_in_them(world: World, spark: SparkSession, tmp_path: Path):
        import datasets

        done = export(world.settings, spark, str(tmp_path / "out"), form="messages")
        loaded = datasets.load_dataset(str(tmp_path / "out"), "messages", cache_dir=str(tmp_path / "cache"))
        rows = [row for split in loaded.values() for row in split]
        assert len(rows) == done.rows("messages") == 12
        for row in rows:
            parts = [part["type"] for message in row["messages"] for part in message["content"]]
            assert parts.count("image") == len(row["images"])
            assert all(image.size == (16, 12) for image in row["images"])

    def half_a_data_set_is_refused_and_says_which_stages_are_missing(world: World, spark: SparkSession, tmp_path: Path):
        root = tmp_path / "half"
        files = warehouse.ImageFiles(str(root / "files"))
        for table, rows in warehouse.contents(files)[:4]:
            warehouse.write_table(root / "tables", table, rows)
        with pytest.raises(InputError, match="faces, events, albums, sessions, images, episodes"):
            export(settings_in(root), spark, str(tmp_path / "out"))
        assert not (tmp_path / "out").exists()


def describe_import_public():
    @pytest.fixture(scope="module")
    def imported(world: World, spark: SparkSession) -> dict[str, DataFrame]:
        read = import_public(spark, str(world.out / "data"))
        assert read.rejects.count() == 0
        return dict(read.frames)

    def it_gives_the_turns_of_the_tables(world: World, imported: dict[str, DataFrame]):
        told = {(row["episode_id"], row["session_number"]): row for row in imported["sessions"].collect()}
        stored = DuckSql(world.tables).ask("select * from sessions").dicts()
        assert set(told) == {(row["episode_id"], row["session_number"]) for row in stored}
        for row in stored:
            again = told[row["episode_id"], row["session_number"]]
            texts = [turn["text"] for turn in row["turns"]]
            assert [turn.text for turn in again.turns if turn.text] == [unescaped(text) for text in texts if text]
            assert (again.session_date, again.interval, again.experience) == (
                row["session_date"],
                row["interval"],
                row["experience"],
            )

    def the_public_schema_comes_back_the_same(world: World, imported: dict[str, DataFrame]):
        """What is told of a session's images, keywords, sources and album survives the way out and back."""
        row = world.episode(CAI)
        shared = imported["sessions"].where(f"episode_id = '{CAI}' AND session_number = 2").collect()[0]
        pictures = [image for turn in shared.turns for image in turn.images]
        columns = {
            "image_descriptions": [image.description for image in pictures],
            "rationales": [image.rationale for image in pictures],
            "image_sources": [image.source for image in pictures],
            "keywords": [image.keywords for image in pictures],
        }
        for name, values in columns.items():
            told = [value for value in json.loads(str(row[f"session2:{name}"])) if value]
            assert [unescaped(value) if isinstance(value, str) else value for value in told] == values
        phone = imported["albums"].where(f"episode_id = '{CAI}'").collect()[0].images
        assert [image.image_id for image in phone] == json.loads(str(row["session1:device_images_key"]))
        assert [image.image_id for image in shared.album_after] == json.loads(str(row["session3:device_images_key"]))

    def its_frames_have_the_columns_of_the_tables(imported: dict[str, DataFrame]):
        assert imported["sessions"].columns == list(sessions.TABLE.record.model_fields)

    def it_refuses_another_kind_of_parquet(world: World, spark: SparkSession):
        with pytest.raises(InputError, match="session1:speakers"):
            import_public(spark, str(world.out / "summaries"))


def describe_spark_connect():
    def it_reads_reports_and_exports_alike(world: World, tmp_path: Path):
        script = tmp_path / "client.py"
        script.write_text(CLIENT)
        with connect_server(tmp_path) as address:
            done = subprocess.run(
                [sys.executable, script, address, str(CONF), world.tables, world.settings.storage.files],
                capture_output=True,
                text=True,
                cwd=tmp_path,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        said, _, rest = done.stdout.partition("report:")
        assert json.loads(said) == [{"n": 4}]
        assert rest.splitlines()[-1] == "codes [0, 0, 0, 0] refused 2"
        assert "a run needs a classic Spark session" in done.stderr
        ours_reported, theirs_reported = (
            re.findall(r"<td[^>]*>[^<]*", path.read_text(encoding="utf-8"))
            for path in (tmp_path / "folder.html", tmp_path / "catalog.html")
        )
        assert theirs_reported == ours_reported != []
        ours, theirs = (
            {
                part: [row for path in sorted(out.glob(f"{part}/*.parquet")) for row in pq.read_table(path).to_pylist()]
                for part in ("data", "episodes")
            }
            for out in (world.out, tmp_path / "out")
        )
        assert theirs == ours
