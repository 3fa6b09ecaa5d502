"""Questions and captions about scenes, with their answers."""
