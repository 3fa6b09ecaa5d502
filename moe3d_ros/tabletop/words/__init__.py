"""Wordings of instructions and questions, trained and held out."""
