"""A standalone cluster whose discovery scripts hand out GPUs that are not there: each task has one of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def describe_four_devices_of_two_hosts():
    def each_paints_for_one_task_at_a_time_and_all_are_busy(tmp_path: Path):
        out = tmp_path / "devices.json"
        words = ["--cluster", "--devices", "4", "--seconds", "4", "--out", str(out)]
        command = [sys.executable, "-m", "bench.devices", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr[-2000:]  # a device that two processes had would have failed the run
        (found,) = json.loads(out.read_text())
        assert found["devices_used"] == 4
        assert found["images"] == 96
        assert found["busy_device_s"] == pytest.approx(96 * 0.17, rel=0.3)
