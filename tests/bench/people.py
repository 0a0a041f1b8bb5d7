"""Real people and vehicles in the clips of `shared/data/video`, looked at and written down by hand.

Per clip: seconds, box, and what a person would say of each part; where people would not agree any of the names will do.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.core.geometry import Box

_SEEN: dict[str, tuple[tuple[float, tuple[float, float, float, float], str], ...]] = {
    "aban3.mp4": (
        (19.0, (0.256, 0.286, 0.334, 0.583), "upper=black lower=black"),
        (19.8, (0.33, 0.344, 0.416, 0.673), "upper=black lower=black"),
        (19.8, (0.17, 0.373, 0.262, 0.708), "upper=black lower=black"),
        (20.8, (0.402, 0.412, 0.505, 0.803), "upper=black lower=black"),
        (23.6, (0.049, 0.221, 0.119, 0.464), "upper=black/brown lower=black/grey"),
        (24.2, (0.094, 0.269, 0.16, 0.524), "upper=red/brown/purple lower=black"),
        (24.4, (0.225, 0.318, 0.302, 0.611), "upper=black/grey lower=black"),
        (24.8, (0.298, 0.346, 0.381, 0.658), "upper=black lower=black"),
        (33.0, (0.029, 0.201, 0.116, 0.507), "upper=black/brown lower=black/grey"),
        (35.2, (0.179, 0.43, 0.276, 0.786), "upper=black lower=black"),
        (35.2, (0.073, 0.398, 0.173, 0.751), "upper=black lower=black"),
        (38.4, (0.332, 0.172, 0.46, 0.391), "upper=black lower=black/grey/blue"),
        (46.8, (0.505, 0.196, 0.609, 0.482), "upper=black lower=black"),
        (52.8, (0.75, 0.196, 0.862, 0.546), "upper=black lower=black"),
        (61.6, (0.311, 0.412, 0.43, 0.857), "upper=black lower=black"),
        (63.2, (0.65, 0.307, 0.757, 0.694), "upper=black/grey lower=black/blue"),
        (63.2, (0.54, 0.307, 0.641, 0.688), "upper=black lower=black"),
        (76.4, (0.006, 0.101, 0.081, 0.351), "upper=red/purple/brown lower=grey/black/brown"),
        (87.2, (0.419, 0.466, 0.536, 0.868), "upper=black lower=black/grey/blue"),
        (89.6, (0.531, 0.27, 0.632, 0.594), "upper=grey/white lower=grey"),
        (96.0, (0.006, 0.237, 0.129, 0.615), "upper=black lower=black"),
        (98.8, (0.099, 0.18, 0.198, 0.591), "upper=black lower=black/blue"),
        (100.8, (0.286, 0.437, 0.393, 0.822), "upper=black lower=blue/grey"),
        (124.4, (0.079, 0.382, 0.18, 0.763), "upper=black lower=black"),
        (124.6, (0.01, 0.223, 0.095, 0.524), "upper=black/grey lower=black"),
        (124.8, (0.651, 0.336, 0.755, 0.681), "upper=black lower=black/blue/grey"),
        (125.2, (0.716, 0.294, 0.82, 0.65), "upper=yellow lower=black"),
        (126.4, (0.218, 0.208, 0.295, 0.495), "upper=black/grey lower=black"),
        (126.8, (0.706, 0.57, 0.849, 0.913), "upper=black lower=black"),
        (137.6, (0.608, 0.356, 0.735, 0.688), "upper=black lower=black/blue/grey"),
        (150.6, (0.441, 0.459, 0.557, 0.893), "upper=black lower=black"),
        (151.6, (0.039, 0.144, 0.115, 0.388), "upper=black lower=black/grey/blue"),
    ),
    "easycampus.mp4": (
        (2.4, (0.351, 0.467, 0.514, 0.875), "upper=grey/black lower=grey/black"),
        (28.6, (0.461, 0.232, 0.527, 0.427), "upper=black lower=grey/blue"),
        (31.4, (0.363, 0.436, 0.503, 0.847), "upper=black lower=blue/grey"),
        (52.4, (0.471, 0.236, 0.533, 0.435), "upper=black lower=black"),
        (55.4, (0.282, 0.259, 0.347, 0.481), "upper=grey/black/green lower=black/grey"),
        (56.6, (0.303, 0.425, 0.455, 0.841), "upper=brown/grey"),
        (56.8, (0.178, 0.444, 0.307, 0.859), "upper=white/brown/pink lower=grey/black/blue"),
        (66.6, (0.368, 0.293, 0.458, 0.617), "upper=purple lower=black"),
        (83.8, (0.576, 0.455, 0.743, 0.874), "upper=black lower=black"),
        (91.0, (0.205, 0.294, 0.274, 0.483), "upper=purple"),
        (107.2, (0.596, 0.395, 0.732, 0.844), "upper=purple lower=black"),
        (112.4, (0.448, 0.248, 0.513, 0.488), "upper=black lower=black"),
        (148.0, (0.457, 0.448, 0.607, 0.854), "upper=black lower=black/blue"),
        (161.8, (0.175, 0.392, 0.316, 0.856), "upper=brown/grey lower=blue/grey"),
        (162.2, (0.307, 0.464, 0.432, 0.872), "upper=black/grey lower=black"),
        (172.6, (0.288, 0.404, 0.391, 0.817), "lower=black"),
        (173.6, (0.543, 0.518, 0.747, 0.843), "upper=red/purple/blue"),
        (178.6, (0.399, 0.387, 0.525, 0.855), "upper=purple lower=black"),
        (185.0, (0.163, 0.521, 0.337, 0.875), "upper=red/purple"),
        (205.8, (0.672, 0.338, 0.768, 0.734), "upper=black lower=grey/white/brown"),
        (206.4, (0.19, 0.416, 0.312, 0.814), "upper=brown/grey/black lower=grey/black/blue"),
    ),
    "intel_one-by-one-person-detection.mp4": (
        (9.4, (0.492, 0.037, 0.677, 0.929), "upper=grey lower=grey/black"),
        (26.8, (0.496, 0.013, 0.708, 0.865), "upper=black lower=black"),
        (68.0, (0.518, 0.005, 0.733, 0.937), "upper=black lower=black"),
        (76.4, (0.45, 0.081, 0.681, 0.922), "upper=black lower=black"),
        (99.2, (0.501, 0.025, 0.681, 0.898), "upper=grey lower=black/blue"),
        (130.8, (0.454, 0.004, 0.692, 0.94), "upper=grey/white lower=blue"),
    ),
    "gabriel_parking.mp4": (
        (0.4, (0.256, 0.838, 0.375, 0.963), "vehicle=black"),
        (1.0, (0.426, 0.469, 0.459, 0.523), "vehicle=red"),
        (1.8, (0.267, 0.817, 0.391, 0.962), "vehicle=white"),
        (2.8, (0.587, 0.599, 0.646, 0.703), "vehicle=grey"),
        (3.0, (0.605, 0.656, 0.689, 0.796), "vehicle=grey"),
        (3.2, (0.627, 0.743, 0.729, 0.94), "vehicle=grey"),
        (3.2, (0.256, 0.818, 0.38, 0.966), "vehicle=blue/black"),
        (3.8, (0.09, 0.814, 0.221, 0.956), "vehicle=blue"),
        (4.8, (0.245, 0.811, 0.362, 0.964), "vehicle=white"),
        (5.8, (0.799, 0.651, 0.878, 0.777), "vehicle=grey/white"),
        (5.8, (0.046, 0.707, 0.146, 0.832), "vehicle=grey/green"),
        (5.8, (0.09, 0.837, 0.218, 0.973), "vehicle=green/blue"),
        (7.8, (0.265, 0.802, 0.387, 0.943), "vehicle=red"),
        (8.6, (0.056, 0.826, 0.211, 0.968), "vehicle=white"),
        (11.6, (0.087, 0.616, 0.206, 0.775), "vehicle=white"),
        (12.8, (0.299, 0.76, 0.4, 0.921), "vehicle=black"),
        (13.0, (0.032, 0.706, 0.151, 0.859), "vehicle=black"),
        (13.4, (0.113, 0.789, 0.256, 0.937), "vehicle=black"),
        (13.8, (0.686, 0.458, 0.798, 0.651), "vehicle=white"),
        (13.8, (0.252, 0.858, 0.362, 0.971), "vehicle=white"),
        (16.4, (0.773, 0.788, 0.873, 0.992), "vehicle=black"),
        (16.4, (0.32, 0.697, 0.403, 0.849), "vehicle=black/blue"),
    ),
    "bgs_video02.avi": (
        (0.24, (0.577, 0.374, 0.664, 0.463), "vehicle=white"),
        (0.24, (0.74, 0.404, 0.842, 0.518), "vehicle=blue/black"),
        (0.48, (0.832, 0.254, 0.903, 0.338), "vehicle=grey"),
        (0.48, (0.868, 0.122, 0.926, 0.188), "vehicle=blue"),
        (0.72, (0.486, 0.758, 0.672, 0.915), "vehicle=white/grey"),
        (2.64, (0.523, 0.645, 0.694, 0.833), "vehicle=green/blue"),
        (2.88, (0.018, 0.281, 0.149, 0.454), "vehicle=white"),
        (3.12, (0.279, 0.313, 0.363, 0.398), "vehicle=white/grey"),
        (3.36, (0.384, 0.571, 0.551, 0.724), "vehicle=blue/purple"),
        (4.0, (0.473, 0.687, 0.651, 0.891), "vehicle=grey/black"),
        (4.24, (0.252, 0.251, 0.324, 0.344), "vehicle=blue/green"),
        (6.64, (0.359, 0.58, 0.556, 0.767), "vehicle=white"),
        (7.36, (0.529, 0.677, 0.717, 0.874), "vehicle=grey/white"),
        (8.08, (0.046, 0.291, 0.166, 0.435), "vehicle=white"),
        (10.24, (0.196, 0.278, 0.314, 0.444), "vehicle=white"),
        (10.96, (0.164, 0.33, 0.273, 0.459), "vehicle=white"),
        (10.96, (0.629, 0.451, 0.771, 0.627), "vehicle=blue"),
        (11.88, (0.513, 0.688, 0.667, 0.838), "vehicle=white/grey"),
        (12.72, (0.024, 0.365, 0.127, 0.457), "vehicle=white"),
        (14.72, (0.513, 0.44, 0.641, 0.574), "vehicle=grey/white/brown"),
        (15.2, (0.009, 0.316, 0.14, 0.461), "vehicle=white"),
        (15.2, (0.478, 0.777, 0.681, 0.92), "vehicle=red"),
    ),
    "intel_person-bicycle-car-detection.gif": ((3.0, (0.007, 0.106, 0.23, 0.398), "vehicle=grey/blue/green"),),
}


@dataclass(frozen=True)
class Person:
    """Somebody (or a vehicle) at one moment of a clip; `wears`: part -> the names that a person may give it."""

    clip: str
    at_s: float
    box: Box
    wears: dict[str, tuple[str, ...]]


def _wears(text: str) -> dict[str, tuple[str, ...]]:
    return {part: tuple(names.split("/")) for part, names in (one.split("=") for one in text.split())}


PEOPLE = tuple(
    Person(clip, at_s, Box(*box), _wears(text)) for clip, sights in _SEEN.items() for at_s, box, text in sights
)
