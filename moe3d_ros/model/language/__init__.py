"""The base LLM, its conversion and adapters, how it reads a scene, and the grammar of what it may write."""
