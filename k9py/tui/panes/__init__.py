"""The framed parts of a screen: each shows one list, says in its title what it holds and why it is narrowed."""
