"""Settings as people give them: on the command line, in files of parameters, in two places at once."""
