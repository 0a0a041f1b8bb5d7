/**
 * One live picture: a WebSocket of fragmented MP4 into a video element through Media Source Extensions.
 *
 * The last picture stays until a new one is there. A socket that ends is opened again with a growing pause.
 */

import type { LiveBox, LiveMessage } from "../api/types";
import { askWho } from "../session";
import { calmed, fresh, lagOf, retryDelay, type Span, stalled, steer, type Steering, stepTo } from "./policy";

export type Phase =
  | { name: "connecting" }
  | { name: "playing" }
  | { name: "refused"; code: string; message: string }
  | { name: "unplayable"; mime: string };

export interface Sent {
  stream: string;
  /** only keyframes */
  keys: boolean;
}

export interface Seen {
  phase: Phase;
  /** seconds since the picture last moved; undefined before the first */
  silent: number | undefined;
  /** wall time (ms) of the picture that is shown, by the gateway's clock */
  shownMs: number | undefined;
  /** what the gateway sends: its link may bear less than was asked for */
  sent: Sent | undefined;
}

interface Piece {
  data: ArrayBuffer;
  wallMs?: number;
}

const LOOK_EVERY_MS = 200;
const MOST_WAITING = 200;
const OWN_SEEK_MS = 1000;
/** the centre says something every few seconds even when a camera is dead: longer silence is a dead socket */
const DEAD_SOCKET_S = 30;

export class LivePlayer {
  onSeen: (seen: Seen) => void = () => undefined;
  onBoxes: (wallMs: number, boxes: readonly LiveBox[]) => void = () => undefined;
  /** called before the element loses its picture, to keep a copy */
  onLosing: () => void = () => undefined;

  private socket: WebSocket | undefined;
  private buffer: SourceBuffer | undefined;
  private source: MediaSource | undefined;
  private address = "";
  private running = false;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private look: ReturnType<typeof setInterval> | undefined;
  private phase: Phase = { name: "connecting" };
  private steering: Steering = fresh();
  private waiting: Piece[] = [];
  private sent: Sent | undefined;
  private keyMs: number | undefined;
  private anchor: { media: number; wallMs: number } | undefined;
  private appending: { piece: Piece; end: number } | undefined;
  private lastTime = -1;
  private movedAt: number | undefined;
  private heardAt = 0;
  private lookedAt = 0;
  private seekedAt = 0;
  private stalledAt = 0;

  constructor(private readonly video: HTMLVideoElement) {
    video.muted = true;
    video.playsInline = true;
    video.addEventListener("waiting", () => this.stall());
    video.addEventListener("error", () => this.running && this.again());
  }

  start(address: string): void {
    if (this.running && address === this.address) return;
    this.stop();
    this.address = address;
    this.running = true;
    this.attempt = 0;
    this.look = setInterval(() => this.tick(), LOOK_EVERY_MS);
    this.connect();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.retry);
    clearInterval(this.look);
    this.hangUp();
    this.video.pause();
  }

  /** Free the element and its memory; the player is not used again. */
  discard(): void {
    this.stop();
    this.forget();
    this.video.removeAttribute("src");
    this.video.load();
  }

  /** Do not wait for the pause to end: there is news that it may work now. */
  hurry(): void {
    if (!this.running || this.socket) return;
    this.attempt = 0;
    this.connect();
  }

  private connect(): void {
    clearTimeout(this.retry);
    const socket = new WebSocket(this.address);
    let opened = false;
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heardAt = performance.now();
    socket.onopen = () => (opened = true);
    socket.onmessage = (message: MessageEvent<string | ArrayBuffer>) => {
      this.heardAt = performance.now();
      if (typeof message.data === "string") this.hear(JSON.parse(message.data) as LiveMessage);
      else this.take(message.data);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      // a refused handshake gives no reason: perhaps the session ended
      if (!opened) void askWho();
      this.again();
    };
  }

  private hangUp(): void {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
  }

  /** Connect anew after a pause. */
  private again(): void {
    this.hangUp();
    if (!this.running) return;
    if (this.phase.name === "playing") this.phase = { name: "connecting" };
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.connect(), retryDelay(this.attempt, Math.random()));
    this.attempt += 1;
  }

  private hear(message: LiveMessage): void {
    if (message.type === "init") this.begin(message.mime);
    else if (message.type === "sent") this.sent = { stream: message.stream, keys: message.keys };
    else if (message.type === "key") this.keyMs = Date.parse(message.time);
    else if (message.type === "gap") this.waiting.length = 0;
    else if (message.type === "boxes") this.onBoxes(Date.parse(message.time), message.boxes);
    else if (message.type === "error") this.phase = { name: "refused", code: message.code, message: message.message };
  }

  /** A new stream begins: a fresh buffer, because codec and clock may differ. */
  private begin(mime: string): void {
    if (!("MediaSource" in window) || !MediaSource.isTypeSupported(mime)) {
      this.phase = { name: "unplayable", mime };
      this.running = false;
      this.hangUp();
      return;
    }
    this.onLosing();
    this.forget();
    const source = new MediaSource();
    this.source = source;
    const address = URL.createObjectURL(source);
    source.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(address);
      if (this.source === source) this.open(source, mime);
    });
    this.video.src = address;
  }

  private open(source: MediaSource, mime: string): void {
    this.buffer = source.addSourceBuffer(mime);
    this.buffer.addEventListener("updateend", () => this.appended());
    this.pump();
  }

  private forget(): void {
    this.source = undefined;
    this.buffer = undefined;
    this.waiting = [];
    this.appending = undefined;
    this.anchor = undefined;
    this.keyMs = undefined;
    this.lastTime = -1;
    this.steering = { ...this.steering, started: false };
  }

  private take(data: ArrayBuffer): void {
    const piece: Piece = this.keyMs === undefined ? { data } : { data, wallMs: this.keyMs };
    this.keyMs = undefined;
    this.waiting.push(piece);
    if (this.waiting.length > MOST_WAITING) this.again(); // the decoder does not keep up at all: begin afresh
    else this.pump();
  }

  private pump(): void {
    const { buffer } = this;
    const piece = this.waiting[0];
    if (!buffer || !piece || buffer.updating || this.source?.readyState !== "open") return;
    this.appending = { piece, end: this.newest() };
    try {
      buffer.appendBuffer(piece.data);
      this.waiting.shift();
    } catch (error) {
      this.appending = undefined;
      if ((error as DOMException).name !== "QuotaExceededError") throw error;
      buffer.remove(0, Math.max(0.1, this.video.currentTime - 1));
    }
  }

  private appended(): void {
    const done = this.appending;
    this.appending = undefined;
    if (done?.piece.wallMs !== undefined) this.anchorAt(done.end, done.piece.wallMs);
    this.attempt = 0;
    this.steerNow();
    this.pump();
  }

  /** A piece with a known wall time was appended: it began where the buffer ended, or began a range of its own. */
  private anchorAt(endBefore: number, wallMs: number): void {
    const last = spansOf(this.buffer).at(-1);
    if (last) this.anchor = { media: Math.max(last[0], endBefore), wallMs };
  }

  private newest(): number {
    return spansOf(this.buffer).at(-1)?.[1] ?? 0;
  }

  private steerNow(): void {
    const { video, buffer } = this;
    const view = { current: video.currentTime, ranges: spansOf(buffer) };
    const action = this.sent?.keys ? stepTo(view) : steer(view, this.steering);
    if (!action) return;
    this.steering = { ...this.steering, started: true };
    if (action.seek !== undefined) this.seek(action.seek);
    if (video.playbackRate !== action.rate) video.playbackRate = action.rate;
    if (action.prune && buffer && !buffer.updating) buffer.remove(...action.prune);
    if (video.paused) video.play().catch(() => undefined); // a hidden tab may refuse; the next look tries again
  }

  private seek(target: number): void {
    this.seekedAt = performance.now();
    this.video.currentTime = target;
  }

  private stall(): void {
    const now = performance.now();
    // our own seeks, and the start, make the element wait too; one break makes it wait several times
    if (this.sent?.keys) return;
    const own = this.video.seeking || now - this.seekedAt < OWN_SEEK_MS || now - this.stalledAt < OWN_SEEK_MS;
    if (!this.steering.started || own) return;
    this.stalledAt = now;
    this.steering = stalled(this.steering);
  }

  private tick(): void {
    const now = performance.now();
    if (this.socket && now - this.heardAt > DEAD_SOCKET_S * 1000) this.again();
    if (this.buffer && !this.buffer.updating) this.steerNow();
    const time = this.video.currentTime;
    if (this.buffer && this.video.readyState >= 2 && time !== this.lastTime) {
      this.lastTime = time;
      this.movedAt = now;
      if (this.socket && this.phase.name !== "playing") this.phase = { name: "playing" };
      this.steering = calmed(this.steering, (now - this.lookedAt) / 1000);
    }
    this.lookedAt = now;
    this.onSeen({ phase: this.phase, silent: this.movedAt === undefined ? undefined : (now - this.movedAt) / 1000, shownMs: this.shownMs(), sent: this.sent });
  }

  /** Wall time of the picture shown now, by the gateway's clock. */
  shownMs(): number | undefined {
    return this.anchor && this.anchor.wallMs + (this.video.currentTime - this.anchor.media) * 1000;
  }

  /** Seconds of picture that wait in the buffer. */
  lag(): number | undefined {
    return lagOf({ current: this.video.currentTime, ranges: spansOf(this.buffer) });
  }
}

function spansOf(buffer: SourceBuffer | undefined): Span[] {
  try {
    const ranges = buffer?.buffered;
    return Array.from({ length: ranges?.length ?? 0 }, (_, i) => [ranges!.start(i), ranges!.end(i)] as const);
  } catch (error) {
    if (error instanceof DOMException) return []; // the buffer was taken out of its source meanwhile
    throw error;
  }
}
