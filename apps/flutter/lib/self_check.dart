// Proves on this very device that the app sees and scores as the computer did: golden vectors, then the held-out pictures
// that came with the app.
import 'dart:math';
import 'dart:typed_data';

import 'package:crypto/crypto.dart';
import 'package:native_model/native_model.dart';

import 'engine.dart';
import 'phone_record.dart';
import 'words.dart';

/// A device whose JPEG decoder gives other bytes must still give the same label, with scores this close.
const otherDecoderTolerance = 0.05;

class Golden {
  int count = 0;
  int equal = 0;
  int withinBound = 0; // JPEG files, whose decoder may differ by a few levels
  int differingBytes = 0; // of vectors that must be equal
  int largestDifference = 0; // of JPEG files, in levels
  final List<String> failed = [];

  bool get passed => failed.isEmpty && count > 0;

  static Future<Golden> run() async {
    final manifest = await jsonAsset('assets/golden/manifest.json');
    final all = await asset('assets/golden/vectors.bin');
    final list = manifest['vectors'] as List<dynamic>;
    final golden = Golden();
    if (manifest['count'] != list.length) golden.failed.add('count');
    for (final vector in list) {
      await golden._add(vector as Map<String, dynamic>, all);
    }
    return golden;
  }

  static Uint8List _part(Map<String, dynamic> vector, String name, Uint8List all) {
    final at = vector[name] as List<dynamic>;
    return Uint8List.sublistView(all, at[0] as int, (at[0] as int) + (at[1] as int));
  }

  Future<void> _add(Map<String, dynamic> vector, Uint8List all) async {
    count++;
    final expected = _part(vector, 'expected', all);
    final bound = vector['bound'] as int? ?? 0;
    Uint8List got;
    try {
      got = await _compute(vector, all);
    } on Exception {
      got = Uint8List(0);
    }
    final (differing, largest) = NativePixels.compare(got, expected);
    if (differing == 0) {
      equal++;
    } else if (bound > 0 && largest <= bound) {
      withinBound++;
    } else {
      failed.add('${vector['kind']} ${vector['id']}');
    }
    if (bound > 0) {
      largestDifference = max(largestDifference, largest);
    } else {
      differingBytes += differing;
    }
  }

  static Future<Uint8List> _compute(Map<String, dynamic> v, Uint8List all) async {
    int number(String name) => v[name] as int? ?? 0;
    final width = number('width');
    final height = number('height');
    switch (v['kind'] as String) {
      case 'fit_resize':
        final fit = const ['crop', 'stretch', 'letterbox'].indexOf(v['fit'] as String);
        return NativePixels.fitResize(_part(v, 'rgb', all), width, height, number('n'), fit);
      case 'rotate':
        return NativePixels.rotate(_part(v, 'rgb', all), width, height, number('degrees'));
      case 'orient':
        return NativePixels.orient(_part(v, 'rgb', all), width, height, number('orientation'));
      case 'yuv':
        final layout = [number('y_row_stride'), number('y_pixel_stride'), number('uv_row_stride'), number('uv_pixel_stride')];
        return NativePixels.yuvToRgb(_part(v, 'y', all), _part(v, 'u', all), _part(v, 'v', all), layout, width, height);
      case 'feed_float':
        return NativePixels.feedFloat(_part(v, 'bytes', all));
      default:
        final picture = await Picture.decode(await asset('assets/golden/${v['file']}'));
        if (picture.width != width || picture.height != height) throw Problem('problem_not_a_picture');
        return picture.rgb;
    }
  }

  Map<String, dynamic> toJson() => {
        'count': count,
        'equal': equal,
        'within_bound': withinBound,
        'differing_bytes': differingBytes,
        'largest_jpeg_difference': largestDifference,
        'failed': failed,
      };
}

/// One held-out picture.
class CheckRow {
  CheckRow(this.held, this.answer, this.sameInput, this.right);

  final Map<String, dynamic> held; // as in check.json
  final Answer answer;
  final bool sameInput, right;

  String get label => held['label'] as String;
  List<double> get computer => _numbers(held['scores']);
  double get difference => largestDifference(answer.scores, computer);

  static Future<CheckRow> run(Engine engine, Map<String, dynamic> held, double tolerance) async {
    final answer = await engine.classifyFile(await asset('assets/bundle/check/${held['file']}'));
    final same = sha256.convert(answer.seen.rgb).toString() == held['input_sha256'];
    final limit = same ? tolerance : otherDecoderTolerance;
    final acceptable = same || held['lossless'] == false;
    return CheckRow(held, answer, same, acceptable && agree(answer.scores, _numbers(held['scores']), limit));
  }

  Map<String, dynamic> toJson() => {
        'file': held['file'],
        'sha256': held['sha256'],
        'label': label,
        'input_equal': sameInput,
        'computer': held['scores'],
        'computer_xnnpack': held['scores_xnnpack'],
        'builtin': numbersOf(answer.scores),
        'xnnpack': null,
        'builtin_ok': right,
        'xnnpack_ok': null,
      };
}

List<double> _numbers(Object? list) => [for (final number in list as List<dynamic>) (number as num).toDouble()];

int bestOf(List<double> scores) {
  var best = 0;
  for (var i = 1; i < scores.length; i++) {
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

/// Not a number when a score is none, which is within no limit.
double largestDifference(List<double> a, List<double> b) {
  if (a.length != b.length) return double.nan;
  var largest = 0.0;
  for (var i = 0; i < a.length; i++) {
    if (a[i].isNaN || b[i].isNaN) return double.nan;
    largest = max(largest, (a[i] - b[i]).abs());
  }
  return largest;
}

/// All scores within the limit, and the same label unless the computer's are a tie by as little.
bool agree(List<double> here, List<double> computer, double limit) {
  if (!(largestDifference(here, computer) <= limit)) return false;
  final a = bestOf(here);
  final b = bestOf(computer);
  return a == b || (computer[a] - computer[b]).abs() <= limit;
}

class SelfCheck {
  SelfCheck(this.golden, this.modelIntact, this.file, this.rows);

  final Golden golden;
  final bool modelIntact;
  final Map<String, dynamic> file;
  final List<CheckRow> rows;

  bool get passed => golden.passed && modelIntact && rows.every((row) => row.right);

  static Future<SelfCheck> run(Engine engine) async {
    final file = await jsonAsset('assets/bundle/check/check.json');
    final tolerance = (file['tolerance'] as num).toDouble();
    final rows = <CheckRow>[];
    for (final held in file['pictures'] as List<dynamic>) {
      rows.add(await CheckRow.run(engine, held as Map<String, dynamic>, tolerance));
    }
    return SelfCheck(await Golden.run(), engine.modelIntact, file, rows);
  }

  Map<String, dynamic> toJson() => {
        'ok': passed,
        'model_intact': modelIntact,
        'computer_runtime': file['runtime'],
        'tolerance': file['tolerance'],
        'golden': golden.toJson(),
        'delegate': 'missing',
        'pictures': [for (final row in rows) row.toJson()],
      };

  String record(Spec spec) => encoded(recordOf(spec, 'self_check', toJson()));
}
