"""Seams: a library of the apt route where it is installed, and beside it what the pip-only route computes instead."""
