"""The reasoners: set transformers over what is on the table that read what is said and decide what moves where, or a short answer."""
