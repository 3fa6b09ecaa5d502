"""Grippers that the embedded world's arm may have."""

GRIPPERS = SUCTION, FINGERS = "suction", "fingers"
