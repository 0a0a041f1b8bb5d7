"""How the memory for queues is divided: all of the process together stay under a quarter of what there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from agent.core.memory import Budget, memory_bytes

_FIXED_BYTES = 32 << 20
"""What the queues for messages hold at most: outgoing and incoming MQTT, events, their pictures, the child's socket."""
_LEAST_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Memory:
    """For packets: half for what is to be recorded; half for analysis and viewers, who take nothing from the other."""

    recording: Budget
    pictures: Budget

    @classmethod
    def of_this_machine(cls) -> Self:
        """What the machine has, or its control group leaves us, decides."""
        half = max(_LEAST_BYTES, memory_bytes() // 4 - _FIXED_BYTES) // 2
        return cls(Budget(half), Budget(half))
