"""What suites judge by: held-out cases, episodes, causes of mistakes, statistics."""
