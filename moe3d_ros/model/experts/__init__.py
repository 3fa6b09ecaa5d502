"""Mixture-of-experts layers: routing, computation, conversion's tie breaking."""
