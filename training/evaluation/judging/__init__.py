"""Judging for the suites: held-out cases, episodes, causes of mistakes, statistics."""
