"""A small pseudo-random generator: numbers determined by a seed and a counter.

Pure. Much cheaper than seeding `random.Random` for each log line; the mixing function is that of splitmix64.
"""

_MASK = 0xFFFFFFFFFFFFFFFF


class Prng:
    """A pseudo-random sequence for one (seed, number)."""

    __slots__ = ("_state",)

    def __init__(self, seed: int, number: int) -> None:
        self._state = (seed * 0x9E3779B97F4A7C15 + (number + 1) * 0xD1B54A32D192ED03) & _MASK

    def bits(self) -> int:
        """Return the next 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((self._state ^ (self._state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def integer(self, limit: int) -> int:
        """Return an integer in [0, limit)."""
        return self.bits() % limit

    def fraction(self) -> float:
        """Return a float in [0, 1)."""
        return (self.bits() >> 11) / (1 << 53)

    def choice(self, choices: tuple[str, ...]) -> str:
        return choices[self.bits() % len(choices)]
