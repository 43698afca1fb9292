"""Log template mining (as Drain does) and the comparison of templates between revisions."""
