"""From containers' logs to one ordered stream: resume, previous runs, turns, merge, gaps."""
