"""Camera messages, matched and merged into one cloud."""
