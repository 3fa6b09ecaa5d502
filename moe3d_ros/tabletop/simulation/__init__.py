"""Physics, rendering and ray casting of scenes."""
