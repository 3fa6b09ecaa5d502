"""Hostile messages and strange files: input of the fuzzing benches and of their tests."""
