/** What an administrator does with one webhook: change, test, switch, renew its secret, remove; and what it was told. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/webhooks";
import { Problem, useDeed } from "../people/deed";
import { text } from "../text";
import { Deliveries } from "./deliveries";
import { WebhookForm } from "./form";

interface Props {
  hook: api.Webhook;
  onChanged: () => void;
  onClose: () => void;
  onSecret: (made: api.WebhookMade) => void;
}

export function WebhookTools({ hook, onChanged, onClose, onSecret }: Props): JSX.Element {
  const words = text.webhooks;
  const saving = useDeed();
  const deed = useDeed();
  const [said, setSaid] = useState<string>();
  const [sure, setSure] = useState(false);
  const [turn, setTurn] = useState(0);
  const run = (what: () => Promise<unknown>, done?: string) => {
    setSaid(undefined);
    void deed.run(what).then((worked) => worked && (setSaid(done), setTurn((old) => old + 1), onChanged()));
  };
  const save = (wish: api.WebhookWish) => void saving.run(() => api.changeWebhook(hook.id, wish)).then((worked) => worked && (setSaid(words.saved), onChanged()));
  return (
    <div class="person-tools" data-testid="webhook-tools">
      <WebhookForm start={hook} fresh={false} busy={saving.busy} error={saving.error} onSubmit={save} onCancel={onClose} />
      <div class="row-of tools">
        <button type="button" class="button" disabled={deed.busy || !hook.enabled} onClick={() => run(() => api.testWebhook(hook.id), words.tested)} data-testid="webhook-test">
          {words.test}
        </button>
        <button type="button" class="button" disabled={deed.busy} onClick={() => run(() => api.changeWebhook(hook.id, { enabled: !hook.enabled }))} data-testid="webhook-switch">
          {hook.enabled ? words.off : words.on}
        </button>
        <button type="button" class="button" disabled={deed.busy} onClick={() => run(async () => onSecret(await api.newSecret(hook.id)))}>
          {words.secret}
        </button>
        <button type="button" class="button danger" disabled={deed.busy} onClick={() => setSure(!sure)} aria-expanded={sure}>
          {words.remove}
        </button>
      </div>
      {sure && (
        <div class="row-of sure" role="alert">
          <span>{words.removeSure(hook.name)}</span>
          <button type="button" class="button danger" onClick={() => void deed.run(() => api.removeWebhook(hook.id)).then((worked) => worked && onClose())} data-testid="webhook-remove">
            {words.yesRemove}
          </button>
        </div>
      )}
      {said && <p role="status">{said}</p>}
      {deed.error && <Problem>{deed.error}</Problem>}
      <Deliveries hook={hook.id} turn={turn} />
    </div>
  );
}
