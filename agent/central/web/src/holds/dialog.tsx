/** "Hold footage": the form over the page, filled in with what one looked at. */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as api from "../api/holds";
import type { Hold } from "../api/types";
import { centreNow } from "../news";
import { Problem, useDeed } from "../people/deed";
import { Link } from "../router";
import { text } from "../text";
import { localField } from "../time/field";
import { Ask } from "../ui/ask";
import { CameraChoice } from "./cameras";
import { retold } from "./failures";
import { bodyOf, lacking, LONGEST_REASON, MOST_CAMERAS, MOST_OF_GATEWAY, type Proposal, type Wish, wishOf } from "./wish";

interface Props {
  proposal: Proposal;
  close: () => void;
  /** it is made; undefined: the dialog itself says so, and where to find it */
  onMade?: (hold: Hold) => void;
}

export function HoldDialog({ proposal, close, onMade }: Props): JSX.Element {
  const words = text.holds.ask;
  const [wish, set] = useState<Wish>(() => wishOf(proposal));
  const [done, setDone] = useState<Hold>();
  const deed = useDeed();
  const lacks = lacking(wish, centreNow());
  const make = async () => {
    const hold = await api.makeHold(bodyOf(wish)).catch(retold(words.failures));
    if (!onMade) return setDone(hold);
    onMade(hold);
    close();
  };
  const submit = () => lacks === undefined && !deed.busy && void deed.run(make);
  if (done)
    return (
      <Ask title={words.done} answers={[{ name: words.close, look: "primary", give: close, testid: "hold-close" }]} dismiss={close} testid="hold-dialog">
        <p role="status">{words.doneMore}</p>
        <Link class="hold-show" href={`/holds/${done.id}`} data-testid="hold-show">
          {words.show}
        </Link>
      </Ask>
    );
  const answers = [
    { name: words.cancel, give: close },
    { name: words.submit, look: "primary" as const, disabled: deed.busy || lacks !== undefined, give: submit, testid: "hold-submit" },
  ];
  const time = (name: "from" | "to" | "until") => (
    <label class="field">
      <span>{words[name]}</span>
      <input
        name={name}
        type="datetime-local"
        step={name === "until" ? undefined : 1}
        min={name === "until" ? localField(new Date(centreNow())) : undefined}
        value={wish[name]}
        onInput={(input) => set({ ...wish, [name]: input.currentTarget.value })}
      />
    </label>
  );
  return (
    <Ask title={words.title} answers={answers} dismiss={close} testid="hold-dialog">
      <p>{words.lead}</p>
      {/* what it lacks is said below, in words of ours */}
      <form class="hold-form" noValidate onSubmit={(event) => (event.preventDefault(), submit())}>
        <label class="field">
          <span>{words.why}</span>
          <input name="reason" maxLength={LONGEST_REASON} value={wish.reason} placeholder={words.whyExample} autoFocus autocomplete="off" onInput={(input) => set({ ...wish, reason: input.currentTarget.value })} />
        </label>
        <CameraChoice chosen={wish.cameras} first={proposal.cameras} onChange={(cameras) => set({ ...wish, cameras })} />
        <div class="hold-times">
          {time("from")}
          {time("to")}
        </div>
        {time("until")}
        <button type="submit" class="hidden-text" tabIndex={-1} aria-hidden="true" />
      </form>
      <p class="hold-lacks" role="status" data-testid="hold-lacks">
        {lacks && (lacks === "tooMany" ? words.tooMany(MOST_CAMERAS, MOST_OF_GATEWAY) : words.lacks[lacks])}
      </p>
      {deed.error && <Problem>{deed.error}</Problem>}
    </Ask>
  );
}
