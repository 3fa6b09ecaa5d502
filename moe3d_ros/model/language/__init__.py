"""The base LLM, its conversion and adapters, and what it writes about a scene."""
