import csv
import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from stark_udfs.cli.console import UNPRINTABLE
from stark_udfs.cli.main import main
from tests.cli import small
from tests.cli.conftest import CONF, Stark


def describe_sql():
    def it_answers_as_json(stark: Stark):
        said = stark("sql", "--format", "json", "select stage, reason, share from reject_rates")
        assert json.loads(said.out) == [{"stage": "personas", "reason": "wrong_key", "share": 0.25}]
        assert said.code == 0

    def it_answers_as_csv_with_lists_as_json(stark: Stark):
        said = stark("sql", "--format", "csv", "select turn, text, images from conversations where turn = 2 limit 1")
        header, row = csv.reader(io.StringIO(said.out))
        assert (header, row[:2]) == (["turn", "text", "images"], ["2", "What a pot."])
        assert json.loads(row[2])[0]["source"] in {"internet", "mobile"}

    def it_answers_as_a_table_and_cuts_long_ones(stark: Stark):
        said = stark("sql", "select episode_id from narratives order by episode_id", "--rows", "1")
        assert small.EPISODE in said.out
        assert small.OTHER not in said.out
        assert "the first 1 rows" in said.err

    def it_lists_tables_and_views_without_a_query(stark: Stark):
        said = stark("sql")
        assert "narratives" in said.out
        assert "one row per turn" in said.out

    def it_takes_common_options_before_and_after_the_command(stark: Stark, warehouse: Path, capfd):
        places = ["--set", f"storage.tables={warehouse}/tables"]
        assert main([*places, f"--conf={CONF}", "sql", "--format", "csv", "select 1 as one"]) == 0
        assert capfd.readouterr().out == "one\n1\n"

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["sql", "select * from sesions"], "stark: there is no table 'sesions'. Did you mean sessions?"),
            (["sql", "selec 1"], "stark: SQL: Parser Error"),
            (["sql", "drop table sessions"], "stark: SQL: only queries that read are answered"),
            (["sql", "select 1", "--format", "xml"], "stark: --format xml: table, json or csv."),
            (["sql", "select 1", "--target", "nowhere"], "stark: target 'nowhere': no "),
            (["sql", "select 1", "--set", "pipelin.seed=1"], "stark: settings: pipelin: no such setting. Did you mean"),
            (["show", "x'y"], 'stark: "x\'y" is no id'),
            (["show", "ffff"], "stark: there is no episode 'ffff'."),
            (["show", "e1"], "stark: 'e1' could be any of"),
            (["show", small.OTHER], f"stark: episode {small.OTHER} has no sessions"),
            (["trace", "nothing"], "stark: nothing has the id 'nothing'."),
            (["run", "--until", "persona"], "stark: there is no stage 'persona'."),
            (["run", "--from", "sessions", "--until", "personas"], "stark: --until personas comes before --from"),
            (["run", "--redraw"], "stark: --redraw asks one episode anew"),
            (["run", "--until-quota"], "stark: --until-quota needs quotas.accepted"),
            (["run", "--remove-missing", "5"], "stark: --remove-missing removes people who left people.source"),
            (["run", "--retry-rejects", "boredom"], "stark: --retry-rejects boredom: no such reason."),
        ],
    )
    def it_tells_mistakes_in_one_line_and_exits_2(stark: Stark, words: list[str], says: str):
        said = stark(*words)
        assert said.code == 2
        assert said.err.startswith(says)
        assert len(said.err.strip().splitlines()) == 1
        assert "Traceback" not in said.err

    def it_says_that_there_is_no_warehouse_yet(stark: Stark, tmp_path: Path):
        said = stark("sql", "select 1", where=tmp_path)
        assert (said.code, said.out) == (2, "")
        assert "there is no warehouse in" in said.err

    def it_starts_no_jvm_and_takes_little_of_a_processor(warehouse: Path):
        code = "from stark_udfs.cli.main import main; import sys; code = main(sys.argv[1:]); "
        code += "assert 'pyspark' not in sys.modules; raise SystemExit(code)"
        words = ["sql", "select count(*) as n from sessions", "--format", "csv", "--conf", str(CONF)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(
            [sys.executable, "-c", code, *words, "--set", f"storage.tables={warehouse}/tables"],
            capture_output=True,
            text=True,
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert (ended.returncode, ended.stdout) == (0, "n\n2\n"), ended.stderr
        assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 6  # seconds; a JVM takes more


def describe_show():
    def it_tells_the_conversation_of_the_first_episode(stark: Stark):
        said = stark("show")
        assert "Session 2 · 2022-03-26 · 3 weeks later" in said.out
        assert "AI Assistant: What a pot." in said.out
        assert "shares [from the album] A red pot on a stove." in said.out
        assert "from: I eat kimchi stew every Sunday. (Preference > Food: kimchi stew)" in said.out

    def it_takes_the_beginning_of_an_id(stark: Stark):
        assert "Ana Lima" in stark("show", small.EPISODE[:4]).out

    def it_can_stop_after_some_sessions(stark: Stark):
        said = stark("show", "--sessions", "1")
        assert "Session 1" in said.out
        assert "and 1 more sessions" in said.out
        assert "Session 2" not in said.out


def describe_trace():
    @pytest.mark.parametrize(
        "wanted",
        [small.EPISODE, f"{small.EPISODE}:2", "i100000000000001", "a100000000000001", "sessions1".ljust(64, "0")],
    )
    def it_leads_to_the_seed_with_prompts_replies_and_cost(stark: Stark, wanted: str):
        said = stark("trace", wanted)
        assert said.code == 0
        places = [said.out.index(f"\n{stage}") for stage in ("demographics", "personas", "commonsense", "narratives")]
        assert places == sorted(places)
        assert said.out.index("\nsessions") > places[-1]
        assert "user: Write personas." in said.out
        assert 'reply: {"answer": "sessions' in said.out
        assert "in all" in said.out

    def it_shows_only_the_rounds_of_one_session(stark: Stark):
        said = stark("trace", f"{small.EPISODE}:2")
        assert '"sessions 1"' in said.out
        assert '"sessions 0"' not in said.out
        assert "in all 2 calls, 0.5000 USD" in said.out

    def it_tells_why_a_row_was_dropped(stark: Stark):
        said = stark("trace", "pbad000000000001")
        assert "dropped: wrong_key (rule of: code): 'drink', not 'food'" in said.out
        assert "demographics" in said.out


def describe_status():
    def it_tells_runs_units_rejects_money_and_failed_checks(stark: Stark):
        said = stark("status")
        assert said.code == 0
        for part in (
            "partial",
            "wrong_key",
            "25.00%",
            "0.7500 USD",
            "0.4000 to 1.20",
            "1 of 2 met",
            "sessions: turns is 2, set at least",
        ):
            assert part in said.out


def describe_every_command():
    @pytest.mark.parametrize(
        "words",
        [
            ["sql", "select text from conversations"],
            ["sql", "--format", "json", "select * from conversations"],
            ["sql", "--format", "csv", "select * from replies"],
            ["sql", 'select text as "\x1b[2J" from conversations'],
            ["show"],
            ["trace", small.EPISODE, "--full"],
            ["trace", "pbad000000000001"],
            ["sql", "select \x1b[31m"],
        ],
    )
    def it_prints_nothing_that_a_terminal_obeys_and_reads_no_markup(stark: Stark, words: list[str]):
        said = stark(*words)
        assert not UNPRINTABLE.search(said.out + said.err)
        if said.code == 0 and 'as "' not in words[-1]:
            assert "[bold]not markup" in " ".join(said.out.split())

    def it_names_itself_and_its_options_in_help(capfd):
        assert main(["--help"]) == 0
        shown = capfd.readouterr().out
        for command in ("run", "plan", "try", "status", "sql", "show", "trace", "serve-offline", "doctor"):
            assert f"\n  {command} " in shown
