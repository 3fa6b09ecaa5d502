"""Pose-DiT: poses of a step from its state in the LLM and the scene's patches."""
