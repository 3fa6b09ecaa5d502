"""Sentences as many people say them, in trained wordings; slots as in words/form_wordings.py."""
