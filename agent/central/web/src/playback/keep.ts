/** Keeping the pictures that are on the screen, as the cameras sent them. */

/** `demo-gateway-1-plaza 2026-11-20 14.03.22.125 UTC.jpg`: a name that every system takes. */
export const nameOfPicture = (camera: string, at: Date): string =>
  `${camera.replaceAll("/", "-")} ${at.toISOString().replace("T", " ").replace("Z", " UTC").replaceAll(":", ".")}.jpg`;

/** Saves each of them under its camera and moment; how many there were. */
export function keepPictures(): number {
  const videos = [...document.querySelectorAll<HTMLVideoElement>("[data-testid=played-video]")];
  const seen = videos.filter((video) => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && video.videoWidth > 0);
  for (const video of seen) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    const camera = video.closest<HTMLElement>("[data-camera]")?.dataset["camera"] ?? "camera";
    const at = new Date(Number(video.dataset["begin"]) + video.currentTime * 1000);
    canvas.toBlob((blob) => blob && save(blob, nameOfPicture(camera, at)), "image/jpeg", 0.92);
  }
  return seen.length;
}

function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
