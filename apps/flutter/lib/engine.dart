// The model, run by the C inference that is compiled into the app, and what its files say of it.
import 'dart:convert';
import 'dart:isolate';
import 'dart:typed_data';
import 'dart:ui' as ui;

import 'package:flutter/services.dart';
import 'package:native_model/native_model.dart';

import 'words.dart';

const runtime = 'handlens C inference';

/// app.json of the bundle (docs/formats-app.md of handlens).
class Spec {
  Spec(Map<String, dynamic> app, this.preprocess)
      : name = app['name'] as String,
        modelFile = app['model_file'] as String,
        modelSha256 = app['model_sha256'] as String,
        inputType = app['input_type'] as String,
        side = preprocess['size_px'] as int,
        fit = const ['crop', 'stretch', 'letterbox'].indexOf(preprocess['fit'] as String),
        labels = List<String>.from(preprocess['labels'] as List<dynamic>),
        notSureBelow = (preprocess['not_sure_below'] as num? ?? 0).toDouble(),
        possibleFrom = (((preprocess['answering'] as Map<String, dynamic>?)?['sets'] as Map<String, dynamic>?)?['from'] as num? ?? 0).toDouble(),
        referClass = (preprocess['refer'] as Map<String, dynamic>?)?['class'] as int? ?? -1,
        referFrom = ((preprocess['refer'] as Map<String, dynamic>?)?['from'] as num? ?? 1).toDouble();

  final Map<String, dynamic> preprocess;
  final String name, modelFile, modelSha256, inputType;
  final int side;
  final int fit; // HL_FIT_* of pixels.h
  final List<String> labels;
  final double notSureBelow;
  final double possibleFrom; // classes that score this or more may be the right one; 0 = older files, which do not say
  final int referClass; // the label that must not be missed; -1 = none
  final double referFrom; // scores of it at or above this are referred

  String fact(String key) => preprocess[key] as String? ?? '';

  static Future<Spec> read() async {
    final app = await jsonAsset('assets/bundle/app.json');
    if (app['format'] != 'handlens-app') throw Problem('problem_bundle');
    final preprocess = app['preprocess'] as Map<String, dynamic>;
    if (app['version'] != 1 || preprocess['pixel_contract'] != 1) throw Problem('problem_newer');
    final spec = Spec(app, preprocess);
    if (spec.fit < 0 || spec.referClass >= spec.labels.length) throw Problem('problem_bundle');
    return spec;
  }
}

Future<Uint8List> asset(String name) async {
  try {
    final data = await rootBundle.load(name);
    return data.buffer.asUint8List(data.offsetInBytes, data.lengthInBytes);
  } catch (missing) {
    throw Problem('problem_bundle');
  }
}

Future<Map<String, dynamic>> jsonAsset(String name) async {
  final bytes = await asset(name);
  try {
    return jsonDecode(utf8.decode(bytes)) as Map<String, dynamic>;
  } on FormatException {
    throw Problem('problem_bundle');
  }
}

/// Upright 8-bit RGB, row after row, 3 bytes a pixel (section 1 of the pixel contract).
class Picture {
  Picture(this.width, this.height, this.rgb);

  final int width, height;
  final Uint8List rgb;

  /// Flutter decodes and applies the EXIF orientation; transparency goes over white in C.
  static Future<Picture> decode(Uint8List file) async {
    final ui.Image image;
    try {
      final codec = await ui.instantiateImageCodec(file);
      image = (await codec.getNextFrame()).image;
      codec.dispose();
    } catch (unknown) {
      throw Problem('problem_not_a_picture');
    }
    try {
      final data = await image.toByteData(format: ui.ImageByteFormat.rawStraightRgba);
      if (data == null) throw Problem('problem_too_large');
      final rgba = data.buffer.asUint8List(data.offsetInBytes, data.lengthInBytes);
      return Picture(image.width, image.height, NativePixels.flatten(rgba, image.width, image.height));
    } finally {
      image.dispose();
    }
  }

  /// For the screen.
  Future<ui.Image> image() async {
    final buffer = await ui.ImmutableBuffer.fromUint8List(NativePixels.widen(rgb));
    final descriptor = ui.ImageDescriptor.raw(buffer, width: width, height: height, pixelFormat: ui.PixelFormat.rgba8888);
    final codec = await descriptor.instantiateCodec();
    return (await codec.getNextFrame()).image;
  }
}

/// What the model answered for one picture.
class Answer {
  Answer(this.scores, this.milliseconds, this.seen) : order = _ordered(scores);

  final Float32List scores;
  final double milliseconds;
  final Picture seen;
  final List<int> order; // classes by falling score; of equals the first

  int get best => order.first;
  double get top => scores[best];

  static List<int> _ordered(Float32List scores) {
    final order = List<int>.generate(scores.length, (i) => i);
    order.sort((a, b) => scores[a] == scores[b] ? a - b : (scores[a] > scores[b] ? -1 : 1));
    return order;
  }
}

class Engine {
  Engine._(this.spec);

  final Spec spec;

  /// Fails when the model in the code and the files of the app are not of one packing.
  static Future<Engine> load() async {
    final spec = await Spec.read();
    if (NativeModel.side != spec.side) throw Problem('problem_input');
    final names = NativeModel.labels;
    if (names.length != spec.labels.length) throw Problem('problem_labels');
    for (var i = 0; i < names.length; i++) {
      if (names[i] != spec.labels[i]) throw Problem('problem_labels');
    }
    return Engine._(spec);
  }

  bool get modelIntact => NativeModel.sha256 == spec.modelSha256;

  /// Decodes and classifies a picture file; the C code runs beside the screen.
  Future<Answer> classifyFile(Uint8List file) async => classify(await Picture.decode(file));

  Future<Answer> classify(Picture picture) {
    final side = spec.side;
    final fit = spec.fit;
    return Isolate.run(() {
      final seen = NativePixels.fitResize(picture.rgb, picture.width, picture.height, side, fit);
      final watch = Stopwatch()..start();
      final scores = NativeModel.classify(seen);
      return Answer(scores, watch.elapsedMicroseconds / 1000, Picture(side, side, seen));
    });
  }

  String label(Answer answer) => spec.labels[answer.best];
  bool sure(Answer answer) => answer.top >= spec.notSureBelow;

  /// "Not sure: perhaps oak or beech"; no class where none is possible, or so many that they would be no answer.
  String unsure(Answer answer) {
    final possible = spec.possibleFrom > 0
        ? answer.order.where((index) => answer.scores[index] >= spec.possibleFrom).toList()
        : [answer.best];
    if (possible.isEmpty || possible.length > 3) return t('not_sure');
    final names = possible.map((index) => spec.labels[index]).toList();
    final last = names.removeLast();
    return t('answer_unsure', [names.isEmpty ? last : t('or', [names.join(', '), last])]);
  }

  /// Whether the class that must not be missed scores so high that no class is to be named.
  bool refers(Answer answer) => spec.referClass >= 0 && answer.scores[spec.referClass] >= spec.referFrom;
}
