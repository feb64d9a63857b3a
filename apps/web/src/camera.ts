// A live camera with its stage: the picture, and the square that the model sees. Two screens use it. What is done with
// frames is theirs.
import { h } from "./dom";
import { boxOf } from "./decode";
import { type Key, t } from "./i18n";
import type { Fit } from "./pixels";

// The paper's frame (Fig. 5): enough for any model, light enough for any phone. A mode of the camera itself: a browser that
// cropped and scaled to this size would put its own resize before ours.
const WANTED = { width: { ideal: 640 }, height: { ideal: 480 }, resizeMode: { ideal: "none" } };

interface TorchCapabilities extends MediaTrackCapabilities {
  torch?: boolean;
}

export class Camera {
  readonly stage: HTMLElement;
  readonly video: HTMLVideoElement;
  private readonly box = h("div", { class: "stage-box" });
  private stream: MediaStream | null = null;
  private facing: "environment" | "user" = "environment";
  private torchIsOn = false;
  private turn = 0; // each start and each stop takes the turn from the starts before it

  constructor(private readonly fit: Fit) {
    this.video = h("video", { playsinline: true, muted: true, "aria-label": t("cameraPreview") });
    this.video.muted = true;
    this.stage = h("div", { class: "stage" }, this.video, this.box);
    this.video.addEventListener("resize", () => this.layOut());
  }

  get running(): boolean {
    return this.stream !== null;
  }

  get hasFrame(): boolean {
    return this.running && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.video.videoWidth > 0;
  }

  get torchOn(): boolean {
    return this.torchIsOn;
  }

  // Which way the camera looks, where the browser tells.
  get side(): "front" | "back" | "unknown" {
    const facing = this.track?.getSettings().facingMode;
    return facing === "user" ? "front" : facing === "environment" ? "back" : "unknown";
  }

  get hasTorch(): boolean {
    const capabilities = this.track?.getCapabilities?.() as TorchCapabilities | undefined;
    return capabilities?.torch === true;
  }

  // Asks for the camera. False when a stop or another start came in between: a camera granted after its screen was left must
  // not stay on. Throws a CameraProblem that can be shown.
  async start(): Promise<boolean> {
    this.stop();
    const own = this.turn;
    const granted = await this.ask().catch((error: unknown) => {
      if (own !== this.turn) return null;
      throw error;
    });
    if (own !== this.turn) {
      release(granted);
      return false;
    }
    this.stream = granted;
    this.video.srcObject = granted;
    this.torchIsOn = false;
    // A front camera is shown as a mirror, because people expect it; the model gets the pixels as they are.
    this.stage.classList.toggle("mirrored", this.side === "front");
    await this.video.play().catch((error: unknown) => {
      if (own === this.turn) throw error;
    });
    if (own !== this.turn) return false;
    this.stage.classList.add("live");
    this.layOut();
    return true;
  }

  stop(): void {
    ++this.turn;
    this.stage.classList.remove("live");
    release(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }

  flip(): Promise<boolean> {
    this.facing = this.facing === "environment" ? "user" : "environment";
    return this.start();
  }

  async setTorch(on: boolean): Promise<void> {
    await this.track?.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] });
    this.torchIsOn = on;
  }

  static async count(): Promise<number> {
    const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    return devices.filter((device) => device.kind === "videoinput").length;
  }

  private async ask(): Promise<MediaStream> {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem("cameraInsecure");
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { ...WANTED, facingMode: { ideal: this.facing } },
      });
    } catch (error) {
      throw problemOf(error);
    }
  }

  private get track(): MediaStreamTrack | undefined {
    return this.stream?.getVideoTracks()[0];
  }

  // Draws the very box that decode.ts reads.
  private layOut(): void {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return;
    const box = boxOf(videoWidth, videoHeight, this.fit);
    const share = (name: string, value: number) => this.stage.style.setProperty(name, String(value));
    share("--ratio", videoWidth / videoHeight);
    share("--box-left", box.left / videoWidth);
    share("--box-top", box.top / videoHeight);
    share("--box-width", box.width / videoWidth);
    share("--box-height", box.height / videoHeight);
  }
}

export class CameraProblem extends Error {
  constructor(
    readonly key: Key,
    readonly reason = "",
  ) {
    super(key);
  }

  get text(): string {
    return t(this.key, { reason: this.reason });
  }
}

function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function problemOf(error: unknown): CameraProblem {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return new CameraProblem("cameraRefused");
  if (name === "NotFoundError" || name === "OverconstrainedError") return new CameraProblem("cameraNone");
  if (name === "NotReadableError" || name === "AbortError") return new CameraProblem("cameraBusy");
  return new CameraProblem("cameraOther", error instanceof Error ? error.message : String(error));
}
