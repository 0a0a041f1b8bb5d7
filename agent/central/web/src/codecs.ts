/** What this browser can play: asked by a gateway's word for a codec, or by a clip's own names (RFC 6381). */

const IN_FULL: Record<string, string> = { h264: "avc1.640028", hevc: "hvc1.1.6.L120.90", h265: "hvc1.1.6.L120.90", av1: "av01.0.08M.08" };
/** What a clip calls its pictures; its other names are of sound, without which it can be seen. */
const PICTURES = /^(avc|hvc|hev|av01|vp0|mp4v)/;

/** The full name of what a gateway calls `h264` or `hevc`; undefined: none that we know. */
export const inFull = (codec: string): string | undefined => IN_FULL[codec.toLowerCase()];

const IN_WORDS: Record<string, string> = { h264: "H.264", hevc: "H.265", h265: "H.265", av1: "AV1" };

/** What people call what a gateway calls `h264` or `hevc`. */
export const inWords = (codec: string): string => IN_WORDS[codec.toLowerCase()] ?? codec;

/** `probably`, `maybe` or nothing: how the browser answers. */
type Asked = (mime: string) => string;

/** Can a clip of these codecs be seen? What nobody knows is tried. */
export function plays(codecs: string, asked: Asked = askVideo): boolean {
  const pictures = codecs.split(",").map((one) => one.trim()).find((one) => PICTURES.test(one));
  return pictures === undefined || asked(`video/mp4; codecs="${pictures}"`) !== "";
}

/** Can what a camera records be seen? Its main stream is what is recorded. */
export function playsFootage(streams: readonly { stream: string; codec: string }[], asked: Asked = askVideo): boolean {
  const main = streams.find(({ stream }) => stream === "main");
  return plays((main && inFull(main.codec)) ?? "", asked);
}

let video: HTMLVideoElement | undefined;
function askVideo(mime: string): string {
  video ??= document.createElement("video");
  return video.canPlayType(mime);
}
