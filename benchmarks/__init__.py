"""Measurements that anyone can repeat: each module has a main(arguments) and prints its figures."""
