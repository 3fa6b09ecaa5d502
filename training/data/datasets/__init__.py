"""Published datasets and own recordings as training examples; see docs/datasets.md."""
