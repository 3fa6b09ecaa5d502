"""When a step or a task has succeeded, and where things may be put."""
