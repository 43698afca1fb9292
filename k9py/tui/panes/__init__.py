"""The framed parts of a screen: each shows one list, its title says what is in it and what it is narrowed to."""
