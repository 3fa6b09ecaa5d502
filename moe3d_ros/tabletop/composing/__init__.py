"""Tasks composed from a grammar: selections, relations and arrangements that are drawn independently of each other."""
