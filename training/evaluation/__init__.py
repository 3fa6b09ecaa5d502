"""Suites that judge a checkpoint, one module each."""
