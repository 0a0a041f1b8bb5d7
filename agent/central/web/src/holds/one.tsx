/** One hold by itself: where the audit log and who has just made it lead to. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../api/client";
import * as api from "../api/holds";
import type { Hold } from "../api/types";
import { useCell } from "../cell";
import { onHold, refetch } from "../news";
import { Link } from "../router";
import { failureLine, text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { HoldCard } from "./card";

export function HoldPage({ id }: { id: string }): JSX.Element {
  const words = text.holds;
  const [hold, set] = useState<Hold>();
  const [error, fail] = useState<unknown>();
  const generation = useCell(refetch);
  useEffect(() => {
    api.hold(id).then(set, fail);
    return onHold((one) => one.id === id && set(one));
  }, [generation]);
  const missing = error instanceof ApiError && error.code === "not_found";
  return (
    <div class="page holds-page">
      <header class="page-head">
        <Link class="button quiet icon-only" href="/holds" aria-label={words.title} title={words.title}>
          <Icon name="back" />
        </Link>
        <h1>{words.one}</h1>
      </header>
      {hold && (
        <ul class="holds">
          <HoldCard hold={hold} onChanged={set} />
        </ul>
      )}
      {!hold && error !== undefined && <Empty icon={missing ? "hold" : "warning"} title={missing ? words.unknown : words.oneFailed} more={missing ? words.unknownMore : failureLine(error)} />}
      {!hold && error === undefined && <div class="panel skeleton people-skeleton" role="status" aria-label={text.loading} />}
    </div>
  );
}
