"""The one table of tolerances. The name says what kind of claim is made."""

EXACT = 0.0  # the same bits
ROUNDING = 1e-12  # float64 arithmetic of small sizes, relative or absolute
ENCLOSED = 1e-7  # the width of an enclosure at a point, after a few stages
FLOAT32 = 2e-5  # another library works in float32
ATTACK = 0.05  # a search must come within this of a sharp constant
SAMPLING = 0.02  # averages over a few thousand points
PICTURE = 0.1  # a coordinate in a drawing, in points
