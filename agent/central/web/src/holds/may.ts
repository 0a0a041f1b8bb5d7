/** Who may hold footage, and release it: as the API has it. */

import type { Me } from "../api/types";
import { useCell } from "../cell";
import { session } from "../session";

const MAY: ReadonlySet<Me["role"]> = new Set(["investigator", "admin"]);

export function useMayHold(): boolean {
  const who = useCell(session);
  return who.state === "in" && MAY.has(who.me.role);
}
