// Parses the wrappers below a folder by their languages' grammars (tree-sitter): no error, no interpolation, and the
// string literals read back to the very labels, in order. Usage: node parse.mjs FOLDER.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { Language, Parser } from "web-tree-sitter";

const resolve = createRequire(import.meta.url).resolve;
const GRAMMARS = { ".java": "java", ".kt": "kotlin", ".swift": "swift", ".dart": "dart", ".ts": "typescript", ".h": "cpp" };
const LITERALS = new Set(["string_literal", "line_string_literal", "string"]);

// What a literal means in the languages that these escapes are of. Octal ones are bytes of UTF-8.
function meaning(literal) {
  assert.ok(literal.startsWith('"') && literal.endsWith('"') && literal.length >= 2, literal);
  const bytes = [];
  const rest = literal.slice(1, -1).replace(/\\u\{([0-9a-f]+)\}|((?:\\u[0-9a-f]{4})+)|\\([0-7]{3})|\\([nrt"\\])|([^\\])/g,
    (_, brace, units, octal, letter, plain) => {
      if (brace !== undefined) bytes.push(...Buffer.from(String.fromCodePoint(Number.parseInt(brace, 16))));
      else if (units !== undefined) bytes.push(...Buffer.from(String.fromCharCode(...units.split("\\u").slice(1).map((u) => Number.parseInt(u, 16)))));
      else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8));
      else if (letter !== undefined) bytes.push(...Buffer.from({ n: "\n", r: "\r", t: "\t" }[letter] ?? letter));
      else bytes.push(...Buffer.from(plain));
      return "";
    });
  assert.equal(rest, "", `${literal}: an escape that nobody knows`);
  return Buffer.from(bytes).toString("utf8");
}

function* nodes(node) {
  yield node;
  for (const child of node.children) yield* nodes(child);
}

await Parser.init();
let files = 0;
let literals = 0;
for (const [extension, grammar] of Object.entries(GRAMMARS)) {
  const parser = new Parser();
  parser.setLanguage(await Language.load(resolve(`tree-sitter-wasms/out/tree-sitter-${grammar}.wasm`)));
  // A parser that accepted anything would prove nothing.
  const broken = parser.parse('"a" b" ${c} (');
  assert.ok(broken.rootNode.hasError, `${grammar} accepts nonsense`);
  for (const folder of fs.readdirSync(process.argv[2])) {
    const at = path.join(process.argv[2], folder);
    const labels = JSON.parse(fs.readFileSync(path.join(at, "labels.json"), "utf8"));
    // The wrapper, and the program of the sample.
    const names = fs.readdirSync(at).filter((file) => file.endsWith(extension)).sort();
    const roots = names.map((name) => parser.parse(fs.readFileSync(path.join(at, name), "utf8")).rootNode);
    for (const [i, root] of roots.entries()) {
      const wrong = [...nodes(root)].find((node) => node.type === "ERROR" || node.isMissing);
      assert.ok(!wrong, `${folder}/${names[i]}:${wrong?.startPosition.row + 1}: ${wrong?.text.slice(0, 80)}`);
    }
    const name = names[0];
    const root = roots[0];
    assert.match(root.text, /refer/i, `${name}: says nothing of a class that must not be missed`);
    const found = [];
    for (const node of nodes(root)) {
      if (!LITERALS.has(node.type) || !node.text.startsWith('"')) continue;
      const inside = [...nodes(node)].find((part) => /interpol|substitution/.test(part.type));
      // The templates' own sentences may interpolate; a label may not, and the search below would miss it then.
      found.push(inside ? null : node.text);
    }
    const first = found.findIndex((_, start) => labels.every((label, i) => found[start + i] != null && meaning(found[start + i]) === label));
    assert.ok(first >= 0, `${folder}/${name}: the labels do not stand there as they are`);
    files += 1;
    literals += labels.length;
  }
}
console.log(`${files} wrappers in ${Object.keys(GRAMMARS).length} languages parsed, ${literals} hostile labels read back`);
