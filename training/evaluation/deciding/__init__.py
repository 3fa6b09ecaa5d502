"""Suites of what is decided with true objects alone."""
