"""Texts, packing and mixtures of generated data, and data sets of others."""
