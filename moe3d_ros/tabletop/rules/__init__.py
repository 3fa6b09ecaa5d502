"""Rules of success of steps and tasks, and of free places for things."""
