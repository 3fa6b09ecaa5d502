"""The planner node's parts: requests, the worker, outputs and markers."""
