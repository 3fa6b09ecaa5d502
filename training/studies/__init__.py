"""Study of the mixture: its plan, its bench of cached scenes, its queue of runs, and the report of what they found."""
