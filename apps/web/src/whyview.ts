// "Why?": a dialog that covers one place after the other and shows what the answer rests on. Used by the camera and the
// pictures screen.
import type { Answer } from "./classifier";
import { h } from "./dom";
import { t } from "./i18n";
import type { Context } from "./screen";
import { drawHeat, dropsOf } from "./why";

const SIDE = 288; // of the drawn picture, before the style sheet scales it

// `input` gives the model's (size, size, 3) pixels when the user asks.
export function whyButton(context: Context, ask: () => Promise<{ input: Uint8Array; answer: Answer } | null>): HTMLButtonElement {
  const rule = context.bundle.app.why;
  return h("button", { type: "button", class: "why", hidden: !rule, onclick: () => void ask().then((asked) => asked && explain(context, asked.input, asked.answer)) }, t("why"));
}

async function explain(context: Context, input: Uint8Array, answer: Answer): Promise<void> {
  const { why: rule, preprocess } = context.bundle.app;
  if (!rule) return;
  // Where a class must not be missed and is referred, it is what asks for a reason.
  const name = answer.refer?.label ?? answer.label;
  const words = h("p", { role: "status" });
  const meter = h("progress", { max: rule.cells * rule.cells, value: 0, "aria-label": t("why") });
  const canvas = h("canvas", { role: "img", "aria-label": t("whyPicture"), hidden: true });
  const button = h("button", { type: "button", onclick: () => dialog.close() }, t("galleryStop"));
  const dialog = h("dialog", { class: "why-dialog", "aria-label": t("why") }, h("h2", {}, `${name}: ${t("why")}`), canvas, meter, words, h("div", { class: "actions" }, button));
  let open = true;
  dialog.addEventListener("close", () => {
    open = false;
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  const drops = await dropsOf((pixels) => context.classifier.classify(pixels), input, preprocess.size_px, rule.cells,
    preprocess.labels.indexOf(name), (done, total) => {
      meter.value = done;
      words.textContent = t("whyRunning", { done, total });
      return open;
    });
  if (!drops || !open) return;
  const most = Math.max(...drops);
  drawHeat(canvas, SIDE, input, preprocess.size_px, drops, rule);
  canvas.dataset.drops = JSON.stringify(drops);
  canvas.hidden = false;
  meter.hidden = true;
  words.textContent = most < rule.least_drop ? t("whyNone", { label: name }) : t("whyHow", { label: name, points: Math.round(100 * most) });
  button.textContent = t("close");
}
