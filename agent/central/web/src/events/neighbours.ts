/** The events before and after one, in the list that its address names. */

import * as api from "../api/client";
import type { LamppostEvent, Neighbours } from "../api/types";
import { centreNow } from "../news";
import { type Filter, queryOf } from "./filter";

export type { Neighbours };

export const neighboursOf = (event: LamppostEvent, filter: Filter): Promise<Neighbours> =>
  api.neighbours(event.id, queryOf(filter, centreNow(), 1));
