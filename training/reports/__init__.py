"""Reports on routing and on the study of mixtures."""
