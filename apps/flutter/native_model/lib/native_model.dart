// The C functions of handlens, for Dart. All arithmetic with pixels and scores is theirs (src/handlens_ffi.h,
// src/pixels.h); here bytes are copied to where C can read them, and back.
import 'dart:ffi';
import 'dart:io';
import 'dart:typed_data';

import 'package:ffi/ffi.dart';

/// What C refused: it was asked for something impossible.
class NativeError implements Exception {
  NativeError(this.what);
  final String what;
  @override
  String toString() => 'the C function $what refused its arguments';
}

DynamicLibrary _open() {
  if (Platform.isIOS || Platform.isMacOS) return DynamicLibrary.open('native_model.framework/native_model');
  if (Platform.isWindows) return DynamicLibrary.open('native_model.dll');
  return DynamicLibrary.open('libnative_model.so');
}

final DynamicLibrary _library = _open();

final int Function() _side = _library.lookupFunction<Int Function(), int Function()>('handlens_ffi_side');
final int Function() _classes = _library.lookupFunction<Int Function(), int Function()>('handlens_ffi_classes');
final int Function() _arenaBytes = _library.lookupFunction<Size Function(), int Function()>('handlens_ffi_arena_bytes');
final Pointer<Utf8> Function(int) _label =
    _library.lookupFunction<Pointer<Utf8> Function(Int), Pointer<Utf8> Function(int)>('handlens_ffi_label');
final Pointer<Utf8> Function() _sha256 =
    _library.lookupFunction<Pointer<Utf8> Function(), Pointer<Utf8> Function()>('handlens_ffi_model_sha256');
final int Function(Pointer<Uint8>, Pointer<Void>, Pointer<Float>) _classify = _library.lookupFunction<
    Int Function(Pointer<Uint8>, Pointer<Void>, Pointer<Float>),
    int Function(Pointer<Uint8>, Pointer<Void>, Pointer<Float>)>('handlens_ffi_classify');
final int Function(Pointer<Uint8>, int, Pointer<Int32>, Pointer<Uint8>) _flatten = _library.lookupFunction<
    Int Function(Pointer<Uint8>, Size, Pointer<Int32>, Pointer<Uint8>),
    int Function(Pointer<Uint8>, int, Pointer<Int32>, Pointer<Uint8>)>('handlens_ffi_flatten');
final void Function(Pointer<Uint8>, int, Pointer<Uint8>) _widen = _library.lookupFunction<
    Void Function(Pointer<Uint8>, Size, Pointer<Uint8>),
    void Function(Pointer<Uint8>, int, Pointer<Uint8>)>('handlens_ffi_widen');
final void Function(int, int, Pointer<Double>, Pointer<Double>) _interval = _library.lookupFunction<
    Void Function(Int32, Int32, Pointer<Double>, Pointer<Double>),
    void Function(int, int, Pointer<Double>, Pointer<Double>)>('handlens_ffi_interval');
final void Function(Pointer<Uint8>, Pointer<Uint8>, int, Pointer<Int64>) _compare = _library.lookupFunction<
    Void Function(Pointer<Uint8>, Pointer<Uint8>, Size, Pointer<Int64>),
    void Function(Pointer<Uint8>, Pointer<Uint8>, int, Pointer<Int64>)>('handlens_ffi_compare');
final int Function(int, int, int, int) _scratch = _library
    .lookupFunction<Size Function(Int, Int, Int, Int), int Function(int, int, int, int)>('hl_fit_resize_scratch');
final int Function(Pointer<Uint8>, int, int, int, int, Pointer<Uint8>, Pointer<Void>) _resize = _library.lookupFunction<
    Int Function(Pointer<Uint8>, Int, Int, Int, Int, Pointer<Uint8>, Pointer<Void>),
    int Function(Pointer<Uint8>, int, int, int, int, Pointer<Uint8>, Pointer<Void>)>('hl_fit_resize');
final int Function(Pointer<Uint8>, int, int, int, Pointer<Uint8>) _rotate = _turner('hl_rotate');
final int Function(Pointer<Uint8>, int, int, int, Pointer<Uint8>) _orient = _turner('hl_orient');
final int Function(Pointer<Uint8>, Pointer<Uint8>, Pointer<Uint8>, Pointer<Int32>, Pointer<Uint8>) _yuv = _library.lookupFunction<
    Int Function(Pointer<Uint8>, Pointer<Uint8>, Pointer<Uint8>, Pointer<Int32>, Pointer<Uint8>),
    int Function(Pointer<Uint8>, Pointer<Uint8>, Pointer<Uint8>, Pointer<Int32>, Pointer<Uint8>)>('handlens_ffi_yuv_to_rgb');
final void Function(Pointer<Uint8>, int, Pointer<Float>) _feed = _library.lookupFunction<
    Void Function(Pointer<Uint8>, Size, Pointer<Float>), void Function(Pointer<Uint8>, int, Pointer<Float>)>('hl_feed_float');

int Function(Pointer<Uint8>, int, int, int, Pointer<Uint8>) _turner(String name) => _library.lookupFunction<
    Int Function(Pointer<Uint8>, Int, Int, Int, Pointer<Uint8>),
    int Function(Pointer<Uint8>, int, int, int, Pointer<Uint8>)>(name);

Pointer<Uint8> _copy(Arena arena, Uint8List bytes) {
  final memory = arena<Uint8>(bytes.isEmpty ? 1 : bytes.length);
  memory.asTypedList(bytes.length).setAll(0, bytes);
  return memory;
}

Pointer<Int32> _numbers(Arena arena, List<int> numbers) {
  final memory = arena<Int32>(numbers.length);
  memory.asTypedList(numbers.length).setAll(0, numbers);
  return memory;
}

/// The model that is compiled into the app.
abstract final class NativeModel {
  static int get side => _side();
  static int get classes => _classes();
  static String get sha256 => _sha256().toDartString();
  static List<String> get labels => [for (var i = 0; i < classes; i++) _label(i).toDartString()];

  /// One score a class. [rgb]: side x side x 3 bytes.
  static Float32List classify(Uint8List rgb) {
    if (rgb.length != side * side * 3) throw NativeError('handlens_classify');
    return using((arena) {
      // 16 bytes more than asked for, so that there is an aligned place.
      final memory = arena<Uint8>(_arenaBytes() + 16);
      final aligned = Pointer<Void>.fromAddress((memory.address + 15) & ~15);
      final scores = arena<Float>(classes);
      if (_classify(_copy(arena, rgb), aligned, scores) != 0) throw NativeError('handlens_classify');
      return Float32List.fromList(scores.asTypedList(classes));
    });
  }
}

/// The pixel contract, and the little arithmetic of the app.
abstract final class NativePixels {
  /// R, G, B, A with straight alpha to R, G, B over white.
  static Uint8List flatten(Uint8List rgba, int width, int height) {
    if (width < 1 || height < 1 || rgba.length != width * height * 4) throw NativeError('handlens_ffi_flatten');
    return using((arena) {
      // handlens_ffi_layout: eight numbers of 32 bits.
      final layout = _numbers(arena, [width, height, width * 4, 4, 0, 1, 2, 3]);
      final out = arena<Uint8>(width * height * 3);
      if (_flatten(_copy(arena, rgba), rgba.length, layout, out) != 0) throw NativeError('handlens_ffi_flatten');
      return Uint8List.fromList(out.asTypedList(width * height * 3));
    });
  }

  /// R, G, B to R, G, B, 255, for the screen.
  static Uint8List widen(Uint8List rgb) => using((arena) {
        final pixels = rgb.length ~/ 3;
        final out = arena<Uint8>(pixels * 4);
        _widen(_copy(arena, rgb), pixels, out);
        return Uint8List.fromList(out.asTypedList(pixels * 4));
      });

  /// The n x n picture that a model with this fit (0 crop, 1 stretch, 2 letterbox) sees.
  static Uint8List fitResize(Uint8List rgb, int width, int height, int n, int fit) {
    final bytes = _scratch(width, height, n, fit);
    if (bytes == 0 || rgb.length != width * height * 3) throw NativeError('hl_fit_resize');
    return using((arena) {
      final out = arena<Uint8>(n * n * 3);
      // Doubles, so that the scratch memory is 8-byte aligned.
      final scratch = arena<Double>((bytes + 7) ~/ 8);
      if (_resize(_copy(arena, rgb), width, height, n, fit, out, scratch.cast()) != 0) throw NativeError('hl_fit_resize');
      return Uint8List.fromList(out.asTypedList(n * n * 3));
    });
  }

  static Uint8List rotate(Uint8List rgb, int width, int height, int degrees) => _turned(_rotate, 'hl_rotate', rgb, width, height, degrees);

  static Uint8List orient(Uint8List rgb, int width, int height, int orientation) =>
      _turned(_orient, 'hl_orient', rgb, width, height, orientation);

  static Uint8List _turned(int Function(Pointer<Uint8>, int, int, int, Pointer<Uint8>) turn, String name, Uint8List rgb, int width,
      int height, int how) {
    if (rgb.length != width * height * 3) throw NativeError(name);
    return using((arena) {
      final out = arena<Uint8>(rgb.length);
      if (turn(_copy(arena, rgb), width, height, how, out) != 0) throw NativeError(name);
      return Uint8List.fromList(out.asTypedList(rgb.length));
    });
  }

  /// [layout]: row and pixel stride of Y, row and pixel stride of U and V.
  static Uint8List yuvToRgb(Uint8List y, Uint8List u, Uint8List v, List<int> layout, int width, int height) => using((arena) {
        final numbers = _numbers(arena, [...layout, width, height]);
        final out = arena<Uint8>(width * height * 3);
        if (_yuv(_copy(arena, y), _copy(arena, u), _copy(arena, v), numbers, out) != 0) throw NativeError('hl_yuv_to_rgb');
        return Uint8List.fromList(out.asTypedList(width * height * 3));
      });

  /// The bytes of the floats that a float model is fed with.
  static Uint8List feedFloat(Uint8List bytes) => using((arena) {
        final out = arena<Float>(bytes.length);
        _feed(_copy(arena, bytes), bytes.length, out);
        return Uint8List.fromList(out.cast<Uint8>().asTypedList(bytes.length * 4));
      });

  /// How many bytes differ, and by how much the largest. Lists of different lengths differ in all bytes by 255.
  static (int, int) compare(Uint8List a, Uint8List b) {
    if (a.length != b.length) return (b.length, 255);
    return using((arena) {
      final difference = arena<Int64>(2);
      _compare(_copy(arena, a), _copy(arena, b), a.length, difference);
      return (difference[0], difference[1]);
    });
  }

  /// Wilson's 95 % interval of [right] of [n], as shares.
  static (double, double) interval(int right, int n) => using((arena) {
        final ends = arena<Double>(2);
        _interval(right, n, ends, ends + 1);
        return (ends[0], ends[1]);
      });
}
