"""Instructions and what they mean: single steps, long tasks, 6D tasks, impossible ones."""
