/** Who may have footage fetched from gateways, and whether this browser needs it coded anew. */

import { useState } from "preact/hooks";
import type { CameraName, Me } from "../api/types";
import { useCell } from "../cell";
import { playsFootage } from "../codecs";
import { cameras, sameCamera } from "../news";
import { session } from "../session";

/** The API asks for an operator; viewers see what others have fetched. */
export const mayFetch = (role: Me["role"]): boolean => role !== "viewer";

export function useMayFetch(): boolean {
  const who = useCell(session);
  return who.state === "in" && mayFetch(who.me.role);
}

export interface Recoding {
  /** undefined: the cameras are not known yet */
  recoded: boolean | undefined;
  /** the browser made nothing of a clip as it was recorded */
  turnedOut: () => void;
}

/** Must this camera's footage be coded anew for this browser? */
export function useRecoding(name: CameraName): Recoding {
  const known = useCell(cameras);
  const [failed, fail] = useState(false);
  const camera = known?.find((other) => sameCamera(other, name));
  return { recoded: failed || (known && camera !== undefined && !playsFootage(camera.streams)), turnedOut: () => fail(true) };
}
