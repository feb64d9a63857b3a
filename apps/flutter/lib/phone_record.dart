// The record "handlens-phone", version 1 (docs/formats-app.md of handlens): what this device is and what it measured.
// `handlens verify RUN --import FILE` reads it. Without an installation's number: nothing but the field test is kept here.
import 'dart:convert';
import 'dart:io';

import 'engine.dart';
import 'words.dart';

/// The conditions of a shot: how much of the square the thing fills, where in it it is, what is behind it.
const distances = ['fills', 'half', 'quarter'];
const places = ['centre', 'edge'];
const backgrounds = ['usual', 'plain', 'busy'];

String now() => '${DateTime.now().toUtc().toIso8601String().substring(0, 19)}Z';

/// [part]: 'self_check' or 'field_test'.
Map<String, dynamic> recordOf(Spec spec, String part, Map<String, dynamic> found) => {
      'format': 'handlens-phone',
      'version': 1,
      'made_at': now(),
      'app': {
        'name': spec.name,
        'target': 'flutter',
        'version_name': appVersion,
        'model_file': spec.modelFile,
        'model_sha256': spec.modelSha256,
        'input_type': spec.inputType,
        'runtime': runtime,
        'path': 'builtin',
      },
      'phone': {
        'model': '',
        'system': '${Platform.operatingSystem} ${Platform.operatingSystemVersion}',
        'cores': Platform.numberOfProcessors,
      },
      'labels': spec.labels,
      part: found,
    };

/// JSON has no word for what is not a number.
List<double?> numbersOf(List<double> scores) => [for (final score in scores) score.isNaN ? null : score];

/// What a series of the field test is of.
class Series {
  const Series(this.number, this.label, this.distance, this.place, this.background);

  final int number; // from 1
  final String label, distance, place, background;

  /// One shot. The system's camera does not say which of its cameras it was.
  Map<String, dynamic> shot(Engine engine, Answer answer) => {
        'series': number,
        'at': now(),
        'camera': 'unknown',
        'label': label,
        'distance': distance,
        'place': place,
        'background': background,
        'predicted': engine.label(answer),
        'not_sure': !engine.sure(answer),
        'scores': numbersOf(answer.scores),
        'milliseconds': answer.milliseconds,
      };
}

String encoded(Map<String, dynamic> record) => const JsonEncoder.withIndent(' ').convert(record);
