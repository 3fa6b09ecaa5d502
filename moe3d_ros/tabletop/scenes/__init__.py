"""What stands on the table: scenes as objects and as tensors, and how they are drawn."""
