// The Flutter app's records, made by its own Dart (dart.mjs) of what its own C code answered. Usage: node flutter_records.mjs PROJECT ANSWERS OUT.
// ANSWERS: flutter_records.py wrote it. Counts of golden vectors stand in for those of a run of the app.
import fs from "node:fs";
import path from "node:path";
import { Dart } from "./dart.mjs";

const [project, answersFile, out] = process.argv.slice(2);
const read = (file) => JSON.parse(fs.readFileSync(path.join(project, file), "utf8"));
const app = read("assets/bundle/app.json"), file = read("assets/bundle/check/check.json");
const answers = JSON.parse(fs.readFileSync(answersFile, "utf8"));
const { labels } = app.preprocess;
const best = (scores) => scores.indexOf(Math.max(...scores));
const spec = {
  dart: "Spec", name: app.name, modelFile: app.model_file, modelSha256: app.model_sha256, inputType: app.input_type, labels,
  notSureBelow: app.preprocess.not_sure_below,
};
const engine = { spec, label: (answer) => labels[answer.best], sure: (answer) => answer.top >= spec.notSureBelow };
const answerOf = (scores) => ({ scores, milliseconds: 1.5, best: best(scores), top: Math.max(...scores) });
const dart = new Dart(path.join(project, "lib"), {
  runtime: /const runtime = '(.*)';/.exec(fs.readFileSync(path.join(project, "lib/engine.dart"), "utf8"))[1],
  appVersion: /const appVersion = '(.*)';/.exec(fs.readFileSync(path.join(project, "lib/words.dart"), "utf8"))[1],
  Platform: { operatingSystem: "linux", operatingSystemVersion: "of the test", numberOfProcessors: 2 },
  DateTime: { now: () => ({ toUtc: () => ({ toIso8601String: () => new Date().toISOString() }) }) },
});

const rows = file.pictures.map((held, at) => ({ dart: "CheckRow", held, answer: answerOf(answers[at].scores), sameInput: answers[at].same_input, right: answers[at].equal }));
const golden = { dart: "Golden", count: 208, equal: 208, withinBound: 0, differingBytes: 0, largestDifference: 0, failed: [] };
const check = { dart: "SelfCheck", golden, modelIntact: answers.every((answer) => answer.equal), passed: rows.every((row) => row.right), file, rows };
const write = (name, record) => fs.writeFileSync(path.join(out, name), JSON.stringify(record, null, 1));
write("self-check.json", dart.call("recordOf", [spec, "self_check", dart.call("toJson", [], check)]));

// Two series of the first held-out pictures' classes.
const conditions = [{ number: 1, distance: "fills", place: "centre", background: "usual" }, { number: 2, distance: "quarter", place: "edge", background: "busy" }];
const shots = [0, 0, 0, 1].map((series, at) => {
  const shown = { dart: "Series", ...conditions[series], label: file.pictures[at].label };
  return dart.call("shot", [engine, answerOf(answers[at].scores)], shown);
});
write("field-test.json", dart.call("recordOf", [spec, "field_test", { shots }]));
