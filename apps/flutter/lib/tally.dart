// Counted answers and CSV (RFC 4180).
import 'package:native_model/native_model.dart';

import 'words.dart';

class Tally {
  int right = 0;
  int known = 0;

  void add(bool isRight) {
    known++;
    if (isRight) right++;
  }

  /// "7 of 9 right = 78 % (95 % interval 45 to 94 %)".
  String get text {
    final (low, high) = NativePixels.interval(right, known);
    final share = known == 0 ? 0.0 : right / known;
    return t('tally', [right, known, whole(share), whole(low), whole(high)]);
  }

  static String whole(double share) => (share * 100).toStringAsFixed(0);
}

String percent(double share) => '${Tally.whole(share.clamp(0.0, 1.0))} %';

abstract final class Csv {
  /// A text that a spreadsheet would run as a formula gets a ' in front.
  static String cell(String text) {
    final safe = text.isNotEmpty && '=+-@\t\r'.contains(text[0]) ? "'$text" : text;
    return safe.contains(RegExp('[",\r\n]')) ? '"${safe.replaceAll('"', '""')}"' : safe;
  }

  static String line(List<String> cells) => '${cells.join(',')}\r\n';
}
