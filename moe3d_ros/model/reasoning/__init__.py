"""The object reasoner: a set transformer over what is on the table that reads the instruction and decides what moves where."""
