/** Below the stage of an event or a track: what is shown, and how far its clip is. */

import type { JSX } from "preact";
import { downloadAddress } from "../api/client";
import { text } from "../text";
import { Icon } from "../ui/icon";
import type { ClipState } from "./progress";

interface SwitchProps {
  wanted: "clip" | "picture";
  set: (view: "clip" | "picture") => void;
  /** what there is beside the clip, when that is not a picture of the moment */
  picture?: string;
}

export function ViewSwitch({ wanted, set, picture = text.event.picture }: SwitchProps): JSX.Element {
  const names = { clip: text.event.clip, picture };
  return (
    <div class="segmented" role="group" aria-label={text.event.view}>
      {(["clip", "picture"] as const).map((view) => (
        <button key={view} type="button" aria-pressed={wanted === view} onClick={() => set(view)}>
          {names[view]}
        </button>
      ))}
    </div>
  );
}

/** Has its place before there is anything to be had: nothing moves when it comes. */
export function ClipDownload({ state }: { state: ClipState }): JSX.Element {
  const inside = (
    <>
      <Icon name="download" size={16} />
      <span class="only-wide">{text.event.download}</span>
    </>
  );
  if (state.name === "ready")
    return (
      <a class="button" href={downloadAddress(state.url)} download title={text.event.download} data-testid="clip-download">
        {inside}
      </a>
    );
  return (
    <button type="button" class="button" disabled title={text.event.download}>
      {inside}
    </button>
  );
}

interface ProgressProps {
  state: Exclude<ClipState, { name: "ready" }>;
  retry: () => void;
  cancel?: (() => void) | undefined;
  /** why the gateway does not send it yet */
  held?: string | undefined;
}

export function ClipProgress({ state, retry, cancel, held }: ProgressProps): JSX.Element {
  if (state.name === "failed") {
    return (
      <div class="clip-state failed" role="alert" data-testid="clip-state" data-state="failed">
        <Icon name="warning" size={16} />
        <span>
          <strong>{text.clip.failed}.</strong> {state.reason}
        </span>
        <button type="button" class="button" onClick={retry} data-testid="clip-retry">
          <Icon name="retry" size={16} />
          {text.tryAgain}
        </button>
      </div>
    );
  }
  if (state.name === "refused") {
    return (
      <div class="clip-state" role="status" data-testid="clip-state" data-state="refused">
        <Icon name="warning" size={16} />
        <span>{text.clip.refused}</span>
      </div>
    );
  }
  // the way out stands before the words: they grow and shrink, and it stays where it is
  const words = { waiting: text.clip.waiting, requested: text.clip.requested, sending: text.clip.sending(state.name === "sending" ? state.percent : 0) };
  return (
    <div class="clip-state" role="status" data-testid="clip-state" data-state={state.name} title={text.clip.requestedMore}>
      <progress max={100} {...(state.name === "sending" ? { value: state.percent } : {})} aria-label={text.clip.progress} />
      {cancel && (
        <button type="button" class="button quiet icon-only" onClick={cancel} aria-label={text.clip.cancel} title={text.clip.cancel} data-testid="clip-cancel">
          <Icon name="close" size={16} />
        </button>
      )}
      <span class="numbers">{held && state.name === "sending" ? text.clip.held(held) : words[state.name]}</span>
    </div>
  );
}
