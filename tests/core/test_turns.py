import subprocess
import sys
from pathlib import Path

from stark_udfs.core.turns import in_turn

SECOND = """
import sys
from stark_udfs.core.turns import in_turn
print("here", flush=True)
with in_turn(sys.argv[1]) as alone, open(sys.argv[1] + "/who", "a") as file:
    file.write(f" second {alone}")
"""


def describe_turns():
    def another_process_waits_for_the_end_of_the_block(tmp_path: Path):
        with in_turn(str(tmp_path)) as alone:
            other = subprocess.Popen([sys.executable, "-c", SECOND, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            assert other.stdout is not None
            assert other.stdout.readline() == "here\n"
            (tmp_path / "who").write_text("first" if alone else "")
        other.communicate()
        assert (tmp_path / "who").read_text() == "first second True"

    def a_folder_that_is_not_there_keeps_nobody_waiting(tmp_path: Path):
        with in_turn(str(tmp_path / "nowhere")) as alone:
            assert not alone
