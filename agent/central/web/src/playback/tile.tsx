/** One camera's picture at the playhead: the piece that is played, and the next ones on their way. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "../api/client";
import type { Hold } from "../api/types";
import { HeldMark } from "../holds/mark";
import { text } from "../text";
import { Icon } from "../ui/icon";
import { ahead, pieceAt } from "./ahead";
import type { Footage, PieceState } from "./footage";
import type { Head } from "./head";
import { Piece } from "./piece";
import { coveredAt, gapReason, type Recorded, type Stretch } from "./time";

interface Props {
  camera: string;
  name: string;
  recorded: readonly Recorded[] | undefined;
  head: Head;
  /** undefined: it is not known yet how to ask for it */
  footage: Footage | undefined;
  /** so many pieces are fetched in advance */
  most: number;
  mayFetch: boolean;
  /** those that cover the playhead */
  holds: readonly Hold[];
  /** told whether the playhead has to wait for this picture */
  onWait: (camera: string, waits: boolean) => void;
  /** to the footage of this camera that is nearest */
  onNearest: () => void;
  onRemove: (() => void) | undefined;
}

const HOLDS: ReadonlySet<PieceState["name"]> = new Set(["requested", "sending", "ready"]);
const nameOf = ({ from, to }: Stretch) => `${from} ${to}`;

export function PlayedTile({ camera, name, recorded, head, footage, most, mayFetch, holds, onWait, onNearest, onRemove }: Props): JSX.Element {
  const there = recorded === undefined || coveredAt(recorded, head.at) !== undefined;
  const asked = footage?.asked(camera) ?? [];
  const now = pieceAt(asked, head.at);
  const state: PieceState | undefined = !there ? undefined : !mayFetch ? { name: "refused" } : (footage?.piece(camera, now) ?? { name: "requested" });
  // first what is needed now: the gateway makes one after the other
  const later = recorded && state?.name === "ready" ? ahead(now, head, recorded, asked, most, footage?.recodes(camera) === true) : [];
  const states = footage ? later.map((piece) => ({ piece, state: footage.piece(camera, piece) })) : [];
  const shown = [...(state ? [{ piece: now, state }] : []), ...states.slice(0, 1)];
  const [ready, setReady] = useState<string>();
  const waits = state !== undefined && HOLDS.has(state.name) && ready !== nameOf(now);
  useEffect(() => onWait(camera, waits), [waits]);
  useEffect(() => () => onWait(camera, false), []);
  return (
    <figure class="tile played" data-testid="played" data-camera={camera} data-state={state?.name ?? "gap"}>
      {shown.map(({ piece, state: itsState }) => (
        <Piece
          key={nameOf(piece)}
          state={itsState}
          head={head}
          enters={piece === now ? undefined : now.to}
          onReady={() => setReady(nameOf(piece))}
          onUnplayable={() => {
            setReady((old) => (old === nameOf(piece) ? undefined : old));
            footage?.unplayable(camera, piece);
          }}
        />
      ))}
      {!there && (
        <Note icon="record" title={text.playback.nothing} more={reasonText(gapReason(recorded ?? [], head.at))}>
          <button type="button" class="button" onClick={onNearest} data-testid="nearest">
            <Icon name="playback" size={16} />
            {text.playback.nearest}
          </button>
        </Note>
      )}
      {state && <Waiting state={state} waits={waits} again={() => footage?.again(camera, now)} />}
      <figcaption class="tile-name">{name}</figcaption>
      <HeldMark by={holds} />
      {state?.name === "ready" && state.clip.quality === "proxy" && <Small recoded={footage?.recoded(camera, now) === true} />}
      {onRemove && (
        <button type="button" class="button icon-only tile-remove" onClick={onRemove} aria-label={text.playback.remove(name)} title={text.playback.remove(name)} data-testid="tile-remove">
          <Icon name="close" size={14} />
        </button>
      )}
    </figure>
  );
}

export const reasonText = (reason: string | undefined) => (reason === undefined ? text.playback.before : (text.playback.reasons[reason] ?? reason));

/** That this is not as it was recorded, and why. */
const Small = ({ recoded }: { recoded: boolean }) => (
  <span class="tag warn tile-small" title={recoded ? text.clip.recodedMore : text.clip.qualityMore.proxy} data-testid="tile-small">
    {recoded ? text.clip.recoded : text.clip.quality.proxy}
  </span>
);

function Waiting({ state, waits, again }: { state: PieceState; waits: boolean; again: () => void }): JSX.Element | null {
  if (state.name === "failed") {
    return (
      <Note icon="warning" title={text.clip.failed} more={state.reason}>
        <Again again={again} />
      </Note>
    );
  }
  if (state.name === "refused") return <Note icon="warning" title={text.clip.refused} more={text.playback.refusedMore} />;
  if (state.name === "unplayable") {
    return (
      <Note icon="warning" title={text.clip.unplayable} more={text.clip.unplayableMore(state.clip.codecs)}>
        <a class="button" href={api.downloadAddress(state.url)} download>
          <Icon name="download" size={16} />
          {text.event.download}
        </a>
        <Again again={again} />
      </Note>
    );
  }
  if (!waits) return null;
  const words = state.name === "sending" ? text.clip.sending(state.percent) : state.name === "ready" ? text.playback.loading : text.clip.requested;
  return (
    <div class="tile-wait" role="status">
      <progress max={100} {...(state.name === "sending" ? { value: state.percent } : {})} aria-label={text.clip.progress} />
      {/* other words are another line: what stands in the middle would jump as it grows */}
      <span key={words}>{words}</span>
    </div>
  );
}

const Again = ({ again }: { again: () => void }) => (
  <button type="button" class="button" onClick={again}>
    <Icon name="retry" size={16} />
    {text.tryAgain}
  </button>
);

interface NoteProps {
  icon: "record" | "warning";
  title: string;
  more: string;
  children?: ComponentChildren;
}

const Note = ({ icon, title, more, children }: NoteProps) => (
  <div class="note" data-testid="played-note">
    <Icon name={icon} size={22} />
    <strong>{title}</strong>
    <span>{more}</span>
    {children}
  </div>
);
