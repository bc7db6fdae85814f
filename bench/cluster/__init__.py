"""The pipeline on a cluster of two hosts: how long it takes, whether it gives the same rows, what kills cost."""
