"""Scenes, that is all that stands on the table, as objects and as tensors, and generators that draw them."""
