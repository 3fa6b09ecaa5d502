"""Words for composed tasks: from the semantic form to what a person would say; `composing` knows nothing of it."""
