"""Offline training and evaluation of 3D-MoE."""
