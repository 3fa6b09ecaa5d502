"""Steps of a plan as they were written, and names of what is seen: what the LLM, the reasoner and the planner speak of."""
