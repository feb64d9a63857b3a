// Parses what no compiler here understands, by its language's grammar (tree-sitter): every Swift, Dart and Ruby file of
// the packed projects, without an error. Then the Xcode project: its objects refer to each other and to files that exist.
// Usage: node parse.mjs FOLDER, a folder of packed projects.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(new URL("../wrappers/package.json", import.meta.url));
const { Language, Parser } = await import(require.resolve("web-tree-sitter"));
const xcode = require("xcode");

const GRAMMARS = { ".swift": "swift", ".dart": "dart", ".podspec": "ruby" };

function* files(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* files(at);
    else yield at;
  }
}

function* nodes(node) {
  yield node;
  for (const child of node.children) yield* nodes(child);
}

async function parseAll(folder) {
  await Parser.init();
  let count = 0;
  for (const [extension, grammar] of Object.entries(GRAMMARS)) {
    const parser = new Parser();
    parser.setLanguage(await Language.load(require.resolve(`tree-sitter-wasms/out/tree-sitter-${grammar}.wasm`)));
    // A parser that accepted anything would prove nothing.
    assert.ok(parser.parse("func } class ( { = ;").rootNode.hasError, `${grammar} accepts nonsense`);
    let own = 0;
    for (const file of files(folder)) {
      if (!file.endsWith(extension)) continue;
      const root = parser.parse(fs.readFileSync(file, "utf8")).rootNode;
      const wrong = [...nodes(root)].find((node) => node.type === "ERROR" || node.isMissing);
      assert.ok(!wrong, `${file}:${wrong?.startPosition.row + 1}: ${wrong?.text.slice(0, 80)}`);
      own += 1;
    }
    assert.ok(own > 0, `no ${extension} files below ${folder}`);
    count += own;
  }
  return count;
}

const unquoted = (text) => (text?.startsWith('"') ? JSON.parse(text) : text);
const rows = (section) => Object.entries(section ?? {}).filter(([id]) => !id.endsWith("_comment"));

// Where each file of the project lies, by the groups above it.
function placesOf(objects) {
  const places = new Map();
  const walk = (id, folder) => {
    const node = objects.PBXGroup[id] ?? objects.PBXVariantGroup[id];
    const own = node?.path ? path.join(folder, unquoted(node.path)) : folder;
    for (const child of node?.children ?? []) {
      if (objects.PBXGroup[child.value] ?? objects.PBXVariantGroup[child.value]) walk(child.value, own);
      const file = objects.PBXFileReference[child.value];
      if (file) places.set(child.value, { file, at: path.join(own, unquoted(file.path)) });
    }
  };
  walk(rows(objects.PBXProject)[0][1].mainGroup, ".");
  return places;
}

function checkXcode(folder) {
  const project = xcode.project(path.join(folder, "App.xcodeproj/project.pbxproj"));
  project.parseSync();
  const { objects } = project.hash.project;
  const places = placesOf(objects);
  for (const [id] of rows(objects.PBXFileReference)) assert.ok(places.has(id), `file ${id} is in no group`);
  for (const { file, at } of places.values()) {
    if (unquoted(file.sourceTree) === "<group>") assert.ok(fs.existsSync(path.join(folder, at)), `${folder}: ${at} is not there`);
  }
  const built = new Set();
  const phases = [...rows(objects.PBXSourcesBuildPhase), ...rows(objects.PBXResourcesBuildPhase)];
  for (const [, phase] of phases) {
    for (const { value } of phase.files) {
      const { fileRef } = objects.PBXBuildFile[value];
      const target = objects.PBXFileReference[fileRef] ?? objects.PBXVariantGroup[fileRef];
      assert.ok(target, `build file ${value} builds nothing`);
      built.add(places.get(fileRef)?.at ?? unquoted(target.name));
    }
  }
  // Whatever lies in the folder is part of the app.
  for (const file of files(path.join(folder, "App"))) {
    const name = path.relative(folder, file);
    if (name.endsWith(".swift")) assert.ok(built.has(name), `${name} is not built`);
  }
  for (const name of ["native/model.c", "native/pixels.c", "native/handlens_ffi.c", "bundle", "golden", "App/Assets.xcassets",
    "App/PrivacyInfo.xcprivacy", "Localizable.strings", "InfoPlist.strings"]) {
    assert.ok(built.has(name), `${name} is not built`);
  }
  const settings = rows(objects.XCBuildConfiguration).map(([, row]) => row.buildSettings);
  const ids = settings.map((row) => unquoted(row.PRODUCT_BUNDLE_IDENTIFIER)).filter(Boolean);
  assert.deepEqual(ids, ["org.example.leaf-guide", "org.example.leaf-guide"]);
  for (const row of settings) {
    for (const key of ["INFOPLIST_FILE", "SWIFT_OBJC_BRIDGING_HEADER"]) {
      if (row[key]) assert.ok(fs.existsSync(path.join(folder, unquoted(row[key]))), `${key} is not there`);
    }
  }
  return places.size;
}

const folder = process.argv[2];
const parsed = await parseAll(folder);
const referenced = fs.readdirSync(folder).reduce((sum, sample) => sum + checkXcode(path.join(folder, sample, "ios")), 0);
console.log(`${parsed} Swift, Dart and Ruby files parsed; ${referenced} files of the Xcode projects are there`);
