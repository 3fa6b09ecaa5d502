"""One module for each stage's objective."""
