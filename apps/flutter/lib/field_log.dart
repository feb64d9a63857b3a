// The shots of the field test, in a record that grows: each shot is in its file before the next is taken, and still there
// when the app was closed.
import 'dart:convert';
import 'dart:io';

import 'engine.dart';
import 'phone_record.dart';
import 'tally.dart';

/// The folder for what the user takes along; nothing on phones, and where there is none.
Directory? downloads() {
  final home = Platform.environment['USERPROFILE'] ?? Platform.environment['HOME'];
  if (Platform.isAndroid || Platform.isIOS || home == null) return null;
  final folder = Directory('$home${Platform.pathSeparator}Downloads');
  return folder.existsSync() ? folder : null;
}

class FieldLog {
  FieldLog._(this.spec, this.file, this._shots);

  final Spec spec;

  /// On phones in the app's own folder for temporary files, the only one that needs no plugin; on computers in Downloads.
  final File? file;
  List<Map<String, dynamic>> _shots; // as in the record

  List<Map<String, dynamic>> get shots => List.unmodifiable(_shots);
  int get nextSeries => _shots.isEmpty ? 1 : (_shots.last['series'] as int) + 1;
  String get record => encoded(recordOf(spec, 'field_test', {'shots': _shots}));

  /// Goes on with what is there. Shots of another model are not mixed in: the file's name carries the model's hash.
  static Future<FieldLog> open(Spec spec) async {
    final folder = Platform.isAndroid || Platform.isIOS ? Directory.systemTemp : downloads();
    final name = 'handlens-field-test-${spec.modelSha256.substring(0, 16)}.json';
    final file = folder == null ? null : File('${folder.path}${Platform.pathSeparator}$name');
    return FieldLog._(spec, file, await _kept(file, spec));
  }

  static Future<List<Map<String, dynamic>>> _kept(File? file, Spec spec) async {
    try {
      if (file == null || !await file.exists()) return [];
      final record = jsonDecode(await file.readAsString()) as Map<String, dynamic>;
      final app = record['app'] as Map<String, dynamic>;
      final test = record['field_test'] as Map<String, dynamic>;
      if (app['model_sha256'] != spec.modelSha256) return [];
      return [for (final shot in test['shots'] as List<dynamic>) shot as Map<String, dynamic>];
    } catch (damaged) {
      return []; // the next shot begins a new record
    }
  }

  /// False when it could not be saved; the shot is not taken then.
  Future<bool> add(Map<String, dynamic> shot) => _keep([..._shots, shot]);

  Future<bool> removeLast() => _keep(_shots.isEmpty ? [] : _shots.sublist(0, _shots.length - 1));

  Future<bool> clear() => _keep([]);

  Future<bool> _keep(List<Map<String, dynamic>> next) async {
    final before = _shots;
    _shots = next;
    try {
      await file?.writeAsString(record, flush: true);
      return true;
    } on FileSystemException {
      _shots = before;
      return false;
    }
  }

  Tally get tally {
    final tally = Tally();
    for (final shot in _shots) {
      tally.add(shot['label'] == shot['predicted']);
    }
    return tally;
  }
}
