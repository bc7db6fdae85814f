import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from stark_udfs.ultron.training.watch import parent_of

WORKER = """
import os, time
from stark_udfs.ultron.training.watch import die_with_driver
die_with_driver()
print(os.getpid(), flush=True)
time.sleep(60)
"""
START = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {code!r}]))"


def gone(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def describe_a_driver_that_is_killed():
    def it_leaves_no_process_behind():
        launcher = START.format(code=WORKER)
        driver = subprocess.Popen(
            [sys.executable, "-c", START.format(code=launcher)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert driver.stdout is not None
        with driver.stdout as said:
            worker = int(said.readline())
            parent = parent_of(worker)
            assert parent is not None
            assert parent_of(parent) == driver.pid
            driver.send_signal(signal.SIGKILL)
            driver.wait()
            until = time.monotonic() + 20
            while time.monotonic() < until and not (gone(worker) and gone(parent)):
                time.sleep(0.1)
        assert gone(worker)
        assert gone(parent)
