// Just enough Markdown for the model card: headings, lists, tables, paragraphs, bold, code. Everything becomes text nodes,
// so a card can never bring markup of its own.
import { h } from "./dom";

// What the card's writer escaped ("leaf\\_01") is a plain character: it waits in the private use area while marks are looked for.
const ESCAPED = /\\([\\|*_`<>[\]#])/g;
const hide = (text: string): string => text.replace(ESCAPED, (_, mark: string) => String.fromCharCode(0xe000 + mark.charCodeAt(0)));
const reveal = (text: string): string => text.replace(/[\ue000-\ue0ff]/g, (mark) => String.fromCharCode(mark.charCodeAt(0) - 0xe000));

function inline(text: string): Node[] {
  return text.split(/(\*\*[^*]+\*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return h("strong", {}, reveal(part.slice(2, -2)));
    if (part.startsWith("`") && part.length > 2) return h("code", {}, reveal(part.slice(1, -1)));
    return document.createTextNode(reveal(part.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1")));
  });
}

function table(lines: string[]): HTMLElement {
  const cells = (line: string) => line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head, , ...body] = lines;
  const row = (line: string, tag: "th" | "td") => h("tr", {}, ...cells(line).map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, ...inline(cell))));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": reveal(cells(head!).join(", ")) },
    h("table", {}, h("thead", {}, row(head!, "th")), h("tbody", {}, ...body.map((line) => row(line, "td")))));
}

// Headings start at h3: they stand below the screen's own.
export function renderMarkdown(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  const lines = hide(text).split(/\r?\n/).map((line) => line.replace(/^>\s?/, ""));
  for (let i = 0; i < lines.length; ) {
    const line = lines[i]!;
    const take = (matches: (line: string) => boolean) => {
      const taken: string[] = [];
      while (i < lines.length && matches(lines[i]!)) taken.push(lines[i++]!);
      return taken;
    };
    const heading = /^(#{1,6})\s+(.*)/.exec(line);
    if (heading) {
      fragment.append(h(heading[1]!.length < 2 ? "h3" : "h4", {}, ...inline(heading[2]!)));
      ++i;
    } else if (line.startsWith("|")) {
      const block = take((l) => l.startsWith("|"));
      if (block.length > 1) fragment.append(table(block));
    } else if (/^\s*[-*]\s/.test(line)) {
      fragment.append(h("ul", {}, ...take((l) => /^\s*[-*]\s/.test(l)).map((l) => h("li", {}, ...inline(l.replace(/^\s*[-*]\s+/, ""))))));
    } else if (line.trim() === "") {
      ++i;
    } else {
      const block = take((l) => l.trim() !== "" && !/^(#|\||\s*[-*]\s)/.test(l));
      if (block.length === 0) block.push(lines[i++]!);
      fragment.append(h("p", {}, ...inline(block.join(" "))));
    }
  }
  return fragment;
}
