"""What a machine, a cluster and a workspace need before a run."""
