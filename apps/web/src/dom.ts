// Elements in one call, downloads, announcements. No inline styles or handlers: the content security policy forbids them.

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | ((event: never) => void) | undefined>;

// h("button", { class: "primary", onclick: f, disabled: true }, "Go"). Names starting with "on" are listeners.
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return element;
}

const ICONS = {
  camera: "M4 8h3l2-3h6l2 3h3v11H4z M12 10.2a3.3 3.3 0 1 1 0 6.6a3.3 3.3 0 0 1 0-6.6z",
  gallery: "M4 5h16v14H4z M4 16l5-5 4 4 3-3 4 4 M15.5 9.5a1 1 0 1 1 .01 0z",
  check: "M12 3l7 3v5.5c0 4.5-3 7.8-7 9.5c-4-1.700-7-5-7-9.500V6z M8.500 12l2.500 2.500l4.500-5",
  field: "M4 19h16 M7 19v-5 M12 19V9 M17 19V5",
  about: "M12 3.500a8.500 8.500 0 1 1 0 17a8.500 8.500 0 0 1 0-17z M12 11v5 M12 8v.01",
  more: "M4 11h2v2H4z M11 11h2v2h-2z M18 11h2v2h-2z",
  save: "M12 4v11 M7 11l5 5l5-5 M5 20h14",
  pause: "M8 5v14 M16 5v14",
  play: "M7 5l12 7-12 7z",
  flip: "M4 12a8 8 0 0 1 13.500-5.800L20 8 M20 4v4h-4 M20 12a8 8 0 0 1-13.500 5.800L4 16 M4 20v-4h4",
  torch: "M8 3h8v4l-2 3v11h-4V10L8 7z M8 7h8",
} as const;

export function icon(name: keyof typeof ICONS): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function download(name: string, type: string, data: BlobPart): void {
  const url = URL.createObjectURL(new Blob([data], { type }));
  const link = h("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// A bar from 0 to 1 with its value as text for screen readers.
export function bar(label: string): { element: HTMLElement; set(share: number, text: string): void } {
  const fill = h("span", { class: "bar-fill" });
  const element = h("span", { class: "bar", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, fill);
  return {
    element,
    set(share, text) {
      fill.style.setProperty("--share", String(Math.max(0, Math.min(1, share))));
      element.setAttribute("aria-valuenow", String(Math.round(share * 100)));
      element.setAttribute("aria-valuetext", text);
    },
  };
}
