"""Quick small scenes with known truth: things left and taken, and everything that only looks like it.

They are drawn picture by picture in a millisecond or two, in no place in particular, so that hundreds of fresh ones can
be played against the analysis. The street that the virtual cameras show is drawn with far more care in `sim/scene`.
"""
