"""Everyday things of any size on the table, and what people say of them."""
