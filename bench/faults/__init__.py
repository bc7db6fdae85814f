"""The fault suite: what paid calls come to when servers, disks and processes fail. `python -m bench.faults`."""
