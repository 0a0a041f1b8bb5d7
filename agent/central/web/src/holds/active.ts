/** The holds that are active on some cameras, kept up to date by the stream. */

import { useEffect, useState } from "preact/hooks";
import * as api from "../api/holds";
import type { Hold } from "../api/types";
import { useCell } from "../cell";
import { onHold, refetch } from "../news";

export function useActiveHolds(cameras: readonly string[]): readonly Hold[] {
  const [holds, set] = useState<readonly Hold[]>([]);
  const generation = useCell(refetch);
  const key = cameras.join();
  useEffect(() => {
    let stale = false;
    const heard = new Map<string, Hold>(); // newer than any answer
    const put = (all: readonly Hold[]) => set([...new Map([...all.map((hold) => [hold.id, hold] as const), ...heard]).values()]);
    Promise.all(cameras.map(api.activeHolds)).then(
      (found) => stale || put(found.flat()),
      () => undefined, // the banner tells of the connection, and after it all is asked anew
    );
    const stop = onHold((hold) => {
      if (!hold.cameras.some((camera) => cameras.includes(camera))) return;
      heard.set(hold.id, hold);
      set((old) => [...old.filter(({ id }) => id !== hold.id), hold]);
    });
    return () => {
      stale = true;
      stop();
    };
  }, [key, generation]);
  return holds;
}
