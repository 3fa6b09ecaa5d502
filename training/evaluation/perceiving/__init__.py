"""Things that are seen held against things that lie there: suites on perception and what they are judged by."""
