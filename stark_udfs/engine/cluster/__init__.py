"""What a cluster has and reaches, looked at before anything is paid for."""
