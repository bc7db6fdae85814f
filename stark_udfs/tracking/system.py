"""What the machine is doing, in a few numbers; without further packages."""

import os
import resource
import sys


def system_metrics() -> dict[str, float]:
    """Memory of this process in GiB, load of the machine, and what the GPU holds, where there is one."""
    scale = 1024**3 if sys.platform == "darwin" else 1024**2  # macOS tells bytes, Linux KiB
    found = {"system/peak_memory_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale}
    if hasattr(os, "getloadavg"):
        found["system/load"] = os.getloadavg()[0]
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        found["system/gpu_peak_memory_gib"] = torch.cuda.max_memory_allocated() / 1024**3
    return found
