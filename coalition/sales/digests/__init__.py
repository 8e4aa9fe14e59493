"""Hourly digests: partners tell what they sold, the hub says where it holds something else."""
