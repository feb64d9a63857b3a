"""Statistics that several studies print."""
import math


def wilson(right, n):
    """The 95 % interval of a share (Wilson 1927), as the program's own; n = 0 gives all of 0..1."""
    if n == 0:
        return 0.0, 1.0
    z, p = 1.959963984540054, right / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)
