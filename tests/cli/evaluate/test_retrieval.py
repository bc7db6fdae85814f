"""`stark evaluate retrieval`, on files and on a warehouse of the offline author's sessions."""

import json
from collections import Counter
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from bench.offline_episodes import episode
from bench.retrieval_pairs import session_rows
from stark_udfs.cli.main import main

SESSIONS = pa.schema(
    [
        ("episode_id", pa.string()), ("session_number", pa.int64()), ("session_date", pa.date32()),
        ("turns", pa.list_(pa.struct([("turn", pa.int64()), ("speaker", pa.string()), ("text", pa.string()),
            ("images", pa.list_(pa.struct([("image_id", pa.string()), ("description", pa.string())])))]))),
        ("provider", pa.string()),
    ]
)  # fmt: skip


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with the tables that retrieval reads."""
    folder = tmp_path_factory.mktemp("lives")
    rows = [row for number in range(8) for row in session_rows(episode(5, number, Counter()))]
    people = sorted({(str(row["episode_id"]), str(row["demographic_id"])) for row in rows})
    kept = [{name: row[name] for name in SESSIONS.names if name in row} | {"provider": "offline"} for row in rows]
    tables = {
        "sessions": pa.Table.from_pylist(kept, schema=SESSIONS),
        "narratives": pa.table(
            {"episode_id": [one for one, _ in people], "commonsense_id": [one for one, _ in people]}
        ),
        "commonsense": pa.table(
            {"commonsense_id": [one for one, _ in people], "persona_id": [one for one, _ in people]}
        ),
        "personas": pa.table({"persona_id": [one for one, _ in people], "demographic_id": [who for _, who in people]}),
    }
    for name, table in tables.items():
        deltalake.write_deltalake(str(folder / "tables" / name), table)
    return folder


def evaluated(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["evaluate", "retrieval", *words])
    said = capfd.readouterr()
    return code, said.out + said.err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # MLflow's own use of sqlalchemy
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # and its connections, left to the collector
def test_the_tiny_retriever_is_trained_and_told_in_one_line(lives: Path, capfd: pytest.CaptureFixture[str]):
    code, said = evaluated(capfd, "--warehouse", str(lives), "--train-tiny", "--mlflow", f"sqlite:///{lives}/mlflow.db")
    assert code == 0
    line = next(line for line in said.splitlines() if line.startswith("tiny retriever, trained: R_at_1"))
    assert "MRR" in line and "[" in line and "offline author" in line
    assert "MLflow run" in said
    assert (lives / "mlflow.db").is_file()


def test_a_table_of_written_pairs_is_written_to_a_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    turns = [{"speaker": "A", "text": "hello"}, {"speaker": "B", "text": "we ate cake"}]
    rows = [{"id": f"p{at}", "turns": turns, "caption": text} for at, text in enumerate(("A cake", "A dog"))]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = (
        "--on",
        "pairs",
        "--data",
        str(tmp_path / "pairs.jsonl"),
        "--mlflow",
        "none",
        "--out",
        str(tmp_path / "t.md"),
    )
    assert evaluated(capfd, *asked)[0] == 0
    assert "| BM25, last turn |" in (tmp_path / "t.md").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--on", "nothing"), "sessions, locomo, photochat"),
        (("--on", "locomo"), "--data PATH"),
        (("--system", "magic"), "bm25, text"),
        (("--split", "train+test"), "train, validation, test"),
        (("--system", "ultron", "--test-share", "0.5"), "Ultron has seen some of these"),
        (("--system", "ultron", "--set", "ultron.out=nowhere"), "no model was trained in nowhere"),
        (("--system", "ultron", "--ultron", "nowhere"), "nowhere is no folder of a trained model"),
    ],
)
def test_what_there_is_not_is_said(words: tuple[str, ...], says: str, lives: Path, capfd: pytest.CaptureFixture[str]):
    code, said = evaluated(capfd, "--warehouse", str(lives), "--mlflow", "none", *words)
    assert code == 2
    assert says in said
