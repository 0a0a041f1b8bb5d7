"""The analysing process: decode, motion, detect, track, rules. Only here do numpy, OpenCV and a model runtime live."""
