"""Things that a detector of the user names: taken among the objects that are seen, and heard by their labels."""
