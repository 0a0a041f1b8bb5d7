/** Whom the centre tells of events, and how that went: for administrators who see everything. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/webhooks";
import { Problem, ShownOnce, useDeed, useFetched } from "../people/deed";
import { kindName, text } from "../text";
import { Empty } from "../ui/empty";
import { Icon } from "../ui/icon";
import { WebhookForm } from "./form";
import { WebhookTools } from "./tools";

const ANY: api.WebhookWish = { name: "", url: "", kinds: null, severity: null, phases: null, places: null };
/** No webhook has this id. */
const NEW = "+";

export function WebhooksPage(): JSX.Element {
  const words = text.webhooks;
  const list = useFetched(api.webhooks);
  const [open, setOpen] = useState<string>();
  const [made, setMade] = useState<api.WebhookMade>();
  const deed = useDeed();
  const make = (wish: api.WebhookWish) =>
    void deed
      .run(async () => {
        const fresh = await api.makeWebhook(wish);
        setMade(fresh);
        setOpen(fresh.id);
      })
      .then(list.again);
  return (
    <div class="page people-page">
      <header class="page-head">
        <h1>{words.title}</h1>
        {list.value && list.value.length > 0 && <span class="sub numbers">{words.count(list.value.length)}</span>}
        <span class="spring" />
        <button type="button" class="button primary" onClick={() => setOpen(NEW)} data-testid="new-webhook">
          <Icon name="plus" size={16} />
          {words.add}
        </button>
      </header>
      {list.error && <Problem>{list.error}</Problem>}
      {made && <ShownOnce key={made.secret} title={words.secretOf(made.name)} more={words.secretMore} value={made.secret} testid="webhook-secret" />}
      {open === NEW && (
        <section class="panel person-panel">
          <h2>{words.add}</h2>
          <WebhookForm start={ANY} fresh busy={deed.busy} error={deed.error} onSubmit={make} onCancel={() => setOpen(undefined)} />
        </section>
      )}
      {list.value?.length === 0 && open !== NEW && <Empty icon="send" title={words.none} more={words.noneMore} />}
      {list.value && list.value.length > 0 && (
        <ul class="people panel" data-testid="webhooks">
          {list.value.map((hook) => (
            <li key={hook.id} class={hook.enabled ? "" : "off"}>
              <button type="button" class="person webhook" aria-expanded={open === hook.id} title={words.edit(hook.name)} onClick={() => setOpen(open === hook.id ? undefined : hook.id)}>
                <Line hook={hook} />
              </button>
              {open === hook.id && <WebhookTools hook={hook} onChanged={list.again} onClose={() => (setOpen(undefined), list.again())} onSecret={setMade} />}
            </li>
          ))}
        </ul>
      )}
      {!list.value && !list.error && <div class="panel skeleton people-skeleton" role="status" aria-label={text.loading} />}
    </div>
  );
}

function Line({ hook }: { hook: api.Webhook }): JSX.Element {
  const words = text.webhooks;
  return (
    <>
      <strong>{hook.name}</strong>
      <span class="sees sub">{hook.url}</span>
      <span class="sub">{wanted(hook).join(" · ")}</span>
      <span class="tags">
        <span class={hook.enabled ? "tag ok" : "tag"}>{hook.enabled ? words.isOn : words.isOff}</span>
        {hook.waiting > 0 && <span class="tag warn">{words.waiting(hook.waiting)}</span>}
        {hook.dropped > 0 && <span class="tag bad">{words.dropped(hook.dropped)}</span>}
      </span>
    </>
  );
}

/** What it is told of, in a few words. */
function wanted({ kinds, severity, places }: api.WebhookWish): string[] {
  const words = text.webhooks;
  const parts = [
    kinds && (kinds.length === 1 && kinds[0] ? kindName(kinds[0]) : words.kinds(kinds.length)),
    severity && words.severities[severity],
    places && words.places(places.length),
  ].filter((part): part is string => !!part);
  return parts.length > 0 ? parts : [words.everything];
}
