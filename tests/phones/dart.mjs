// Evaluates functions of Dart sources that are a single expression (=>), by their grammar: enough to let the Flutter app's
// own code make its records where there is no Dart. What it does not know it refuses.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const require = createRequire(new URL("../wrappers/package.json", import.meta.url));
const { Language, Parser } = await import(require.resolve("web-tree-sitter"));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(require.resolve("tree-sitter-wasms/out/tree-sitter-dart.wasm")));

const named = (node, type) => node.children.find((child) => child.type === type);
const meant = (node) => node.children.filter((child) => child.isNamed && child.type !== "comment");

// A part of a string that holds no value.
const plain = (text) => text.replace(/\\(.)/g, (_, sign) => ({ n: "\n", t: "\t", r: "\r" })[sign] ?? sign);

export class Dart {
  // functions: "name" or "Class.name" -> { parameters, body }
  constructor(folder, globals) {
    this.functions = new Map();
    this.globals = globals;
    for (const file of fs.readdirSync(folder)) {
      if (file.endsWith(".dart")) this.read(parser.parse(fs.readFileSync(path.join(folder, file), "utf8")).rootNode, "");
    }
  }

  read(node, owner) {
    node.children.forEach((child, at) => {
      if (child.type === "class_definition") return this.read(named(child, "class_body"), `${named(child, "identifier").text}.`);
      const signature = child.type === "method_signature" ? child.children.at(-1) : child;
      const next = node.children[at + 1];
      if (!["function_signature", "getter_signature"].includes(signature.type) || next?.type !== "function_body") return undefined;
      if (next.children[0].type !== "=>") return undefined;
      const list = named(signature, "formal_parameter_list");
      const parameters = list ? meant(list).map((parameter) => parameter.children.at(-1).text) : null; // null: a getter
      this.functions.set(owner + named(signature, "identifier").text, { parameters, body: meant(next)[0], node: next });
      return undefined;
    });
  }

  // self: { dart: "Class", field: value ... }, or nothing for a function of its own.
  call(name, values = [], self = undefined) {
    const known = this.functions.get(self ? `${self.dart}.${name}` : name);
    assert.ok(known, `no function ${name} of one expression`);
    const scope = Object.create(null);
    (known.parameters ?? []).forEach((parameter, at) => { scope[parameter] = values[at]; });
    return this.expression(known.node.children.slice(1).filter((child) => child.isNamed), scope, self);
  }

  // An operand and the selectors behind it.
  expression(nodes, scope, self) {
    const [first, ...selectors] = nodes;
    let value = first.type === "identifier" ? this.look(first.text, scope, self) : this.one(first, scope, self);
    let owner;
    for (const selector of selectors) {
      const part = selector.children[0];
      if (part.type === "argument_part") {
        assert.equal(typeof value, "function", `${nodes.map((node) => node.text).join("")} is called`);
        const values = meant(named(part, "arguments")).map((argument) => this.expression(meant(argument), scope, self));
        value = value.apply(owner, values);
        continue;
      }
      const index = named(part, "index_selector");
      owner = value;
      value = index ? value[this.expression(meant(index), scope, self)] : this.member(value, named(part, "identifier").text);
    }
    return value;
  }

  look(name, scope, self) {
    if (name in scope) return scope[name];
    if (self && (name in self || this.functions.has(`${self.dart}.${name}`))) return this.member(self, name);
    if (this.functions.has(name)) return (...values) => this.call(name, values);
    assert.ok(name in this.globals, `${name}: unknown`);
    return this.globals[name];
  }

  member(value, name) {
    if (typeof value === "number" && name === "isNaN") return Number.isNaN(value);
    const known = value?.dart && !(name in value) && this.functions.get(`${value.dart}.${name}`);
    if (known) return known.parameters ? (...values) => this.call(name, values, value) : this.call(name, [], value);
    assert.ok(value !== null && value !== undefined && value[name] !== undefined, `${name}: unknown`);
    return value[name];
  }

  string(node, scope, self) {
    let text = "", at = node.startIndex + 1;
    for (const part of node.children.filter((child) => child.type === "template_substitution")) {
      text += plain(node.text.slice(at - node.startIndex, part.startIndex - node.startIndex));
      text += this.expression(meant(part), scope, self);
      at = part.endIndex;
    }
    return text + plain(node.text.slice(at - node.startIndex, -1));
  }

  // Values of a list, or pairs of a map.
  elements(node, scope, self) {
    switch (node.type) {
      case "pair": {
        const colon = node.children.findIndex((child) => child.type === ":");
        return [[this.expression(node.children.slice(0, colon), scope, self), this.expression(node.children.slice(colon + 1), scope, self)]];
      }
      case "for_element": {
        const parts = named(node, "for_loop_parts").children;
        const at = parts.findIndex((child) => child.type === "in");
        const all = this.expression(parts.slice(at + 1).filter((child) => child.isNamed), scope, self);
        const inner = node.children.slice(node.children.indexOf(named(node, "for_loop_parts")) + 1).filter((child) => child.isNamed);
        return [...all].map((value) => {
          const own = Object.assign(Object.create(null), scope, { [parts[at - 1].text]: value });
          return this.expression(inner, own, self);
        });
      }
      default:
        throw new Error(`${node.type}: not known here`);
    }
  }

  one(node, scope, self) {
    switch (node.type) {
      case "string_literal": return this.string(node, scope, self);
      case "decimal_integer_literal": return Number(node.text);
      case "true": case "false": return node.text === "true";
      case "null_literal": return null;
      case "unary_expression": return !this.expression(meant(node).slice(1), scope, self);
      case "type_cast_expression": return this.expression(meant(node).filter((child) => child.type !== "type_cast"), scope, self);
      case "conditional_expression": {
        const [question, colon] = ["?", ":"].map((sign) => node.children.findIndex((child) => child.type === sign));
        const condition = this.expression(node.children.slice(0, question), scope, self);
        return this.expression(condition ? node.children.slice(question + 1, colon) : node.children.slice(colon + 1), scope, self);
      }
      case "set_or_map_literal": return Object.fromEntries(meant(node).flatMap((child) => this.elements(child, scope, self)));
      case "list_literal":
        return meant(node).flatMap((child) => (child.type === "for_element" ? this.elements(child, scope, self) : [this.one(child, scope, self)]));
      default: throw new Error(`${node.type}: not known here: ${node.text.slice(0, 60)}`);
    }
  }
}
