// What the app's Java calls: the pixel contract (src/pixels) and the TensorFlow Lite C interface. Glue only:
// no arithmetic on pixels is done in Java. Freestanding, without libc, so that a plain clang builds it
// without an NDK.
//
// All pictures and tensors are direct byte buffers, and every function that is handed one checks its capacity
// first.
#include <jni.h>

#include "pixels/pixels.h"
#include "tflite_c.h"

// One interpreter with all that it needs. Lives in a direct buffer that the caller keeps, since there is no
// malloc.
typedef struct {
  TfLiteModel* model;
  TfLiteDelegate* delegate;
  TfLiteInterpreter* interpreter;
} Session;

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_app_handlens_Native_##name

// Keeps the system from finding the JNI_OnLoad of the TensorFlow Lite library, which wants Java classes of
// its own.
JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void* reserved) {
  (void)vm;
  (void)reserved;
  return JNI_VERSION_1_6;
}

// The bytes of a direct buffer, or null when it has fewer than `needed`.
static void* Bytes(JNIEnv* env, jobject buffer, int64_t needed) {
  if (!buffer || needed < 0 || (*env)->GetDirectBufferCapacity(env, buffer) < needed) return 0;
  return (*env)->GetDirectBufferAddress(env, buffer);
}

static int64_t RgbBytes(jint width, jint height) {
  return width < 1 || height < 1 ? -1 : (int64_t)width * height * 3;
}

NATIVE(jlong, fitResizeScratch)(JNIEnv* env, jclass type, jint width, jint height, jint n, jint fit) {
  (void)env, (void)type;
  return (jlong)hl_fit_resize_scratch(width, height, n, fit);
}

NATIVE(jint, fitResize)
(JNIEnv* env, jclass type, jobject rgb, jint width, jint height, jint n, jint fit, jobject out,
 jobject scratch) {
  (void)type;
  const int64_t room = (int64_t)hl_fit_resize_scratch(width, height, n, fit);
  if (room == 0) return HL_BAD_ARGUMENT;
  const uint8_t* from = Bytes(env, rgb, RgbBytes(width, height));
  uint8_t* to = Bytes(env, out, RgbBytes(n, n));
  void* work = Bytes(env, scratch, room);
  return from && to && work ? hl_fit_resize(from, width, height, n, fit, to, work) : HL_BAD_ARGUMENT;
}

// Bytes of a plane up to its last pixel; -1 for strides that cannot be.
static int64_t PlaneBytes(jint width, jint height, jint row_stride, jint pixel_stride) {
  if (width < 1 || height < 1 || row_stride < 1 || pixel_stride < 1) return -1;
  return (int64_t)(height - 1) * row_stride + (int64_t)(width - 1) * pixel_stride + 1;
}

// layout: {y row stride, y pixel stride, chroma row stride, chroma pixel stride, width, height}.
NATIVE(jint, yuvToRgb)
(JNIEnv* env, jclass type, jobject y, jobject u, jobject v, jintArray layout, jobject out) {
  (void)type;
  jint at[6];
  if ((*env)->GetArrayLength(env, layout) != 6) return HL_BAD_ARGUMENT;
  (*env)->GetIntArrayRegion(env, layout, 0, 6, at);
  const int64_t luma = PlaneBytes(at[4], at[5], at[0], at[1]);
  const int64_t chroma = PlaneBytes((at[4] + 1) / 2, (at[5] + 1) / 2, at[2], at[3]);
  const hl_yuv_frame frame = {Bytes(env, y, luma),
                              Bytes(env, u, chroma),
                              Bytes(env, v, chroma),
                              at[0],
                              at[1],
                              at[2],
                              at[3],
                              at[4],
                              at[5]};
  uint8_t* rgb = Bytes(env, out, RgbBytes(at[4], at[5]));
  return frame.y && frame.u && frame.v && rgb ? hl_yuv_to_rgb(&frame, rgb) : HL_BAD_ARGUMENT;
}

NATIVE(jint, rotate)
(JNIEnv* env, jclass type, jobject in, jint width, jint height, jint degrees, jobject out) {
  (void)type;
  const uint8_t* from = Bytes(env, in, RgbBytes(width, height));
  uint8_t* to = Bytes(env, out, RgbBytes(width, height));
  return from && to ? hl_rotate(from, width, height, degrees, to) : HL_BAD_ARGUMENT;
}

NATIVE(jint, orient)
(JNIEnv* env, jclass type, jobject in, jint width, jint height, jint orientation, jobject out) {
  (void)type;
  const uint8_t* from = Bytes(env, in, RgbBytes(width, height));
  uint8_t* to = Bytes(env, out, RgbBytes(width, height));
  return from && to ? hl_orient(from, width, height, orientation, to) : HL_BAD_ARGUMENT;
}

// A bitmap's straight 4 bytes a pixel to R, G, B on white (section 1 of the contract), in place: the first 3
// * count bytes. `red` is 0 where the bytes are R, G, B, A, as on every phone, and 2 where they are B, G, R,
// A.
NATIVE(jint, flatten)(JNIEnv* env, jclass type, jobject bitmap, jint count, jint red) {
  (void)type;
  uint8_t* bytes = Bytes(env, bitmap, (int64_t)count * 4);
  if (!bytes || (red != 0 && red != 2)) return HL_BAD_ARGUMENT;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* from = bytes + 4 * i;
    const uint32_t values[3] = {from[red], from[1], from[2 - red]};
    const uint32_t a = from[3];
    for (int c = 0; c < 3; ++c) bytes[3 * i + c] = (uint8_t)((values[c] * a + 255 * (255 - a) + 127) / 255);
  }
  return HL_OK;
}

// R, G, B to the opaque 4 bytes a pixel of a bitmap; `red` as above.
NATIVE(jint, widen)(JNIEnv* env, jclass type, jobject rgb, jint count, jint red, jobject bitmap) {
  (void)type;
  const uint8_t* from = Bytes(env, rgb, (int64_t)count * 3);
  uint8_t* to = Bytes(env, bitmap, (int64_t)count * 4);
  if (!from || !to || (red != 0 && red != 2)) return HL_BAD_ARGUMENT;
  for (int64_t i = 0; i < count; ++i) {
    to[4 * i + red] = from[3 * i];
    to[4 * i + 1] = from[3 * i + 1];
    to[4 * i + 2 - red] = from[3 * i + 2];
    to[4 * i + 3] = 255;
  }
  return HL_OK;
}

NATIVE(jint, feedFloat)(JNIEnv* env, jclass type, jobject in, jint count, jobject out) {
  (void)type;
  const uint8_t* from = Bytes(env, in, count);
  float* to = Bytes(env, out, (int64_t)count * 4);
  if (!from || !to) return HL_BAD_ARGUMENT;
  hl_feed_float(from, (size_t)count, to);
  return HL_OK;
}

// The bytes as they are (uint8 models), or each minus 128 (int8 models).
NATIVE(jint, feedBytes)(JNIEnv* env, jclass type, jobject in, jint count, jint minus, jobject out) {
  (void)type;
  const uint8_t* from = Bytes(env, in, count);
  uint8_t* to = Bytes(env, out, count);
  if (!from || !to) return HL_BAD_ARGUMENT;
  for (int64_t i = 0; i < count; ++i) to[i] = (uint8_t)(from[i] - (uint32_t)minus);
  return HL_OK;
}

NATIVE(jstring, runtimeVersion)(JNIEnv* env, jclass type) {
  (void)type;
  return (*env)->NewStringUTF(env, TfLiteVersion());
}

NATIVE(jint, sessionBytes)(JNIEnv* env, jclass type) {
  (void)env, (void)type;
  return (jint)sizeof(Session);
}

static Session* SessionIn(JNIEnv* env, jobject buffer) {
  return Bytes(env, buffer, (int64_t)sizeof(Session));
}

NATIVE(void, close)(JNIEnv* env, jclass type, jobject buffer) {
  (void)type;
  Session* session = SessionIn(env, buffer);
  if (!session) return;
  if (session->interpreter) TfLiteInterpreterDelete(session->interpreter);
  if (session->delegate) TfLiteXNNPackDelegateDelete(session->delegate);
  if (session->model) TfLiteModelDelete(session->model);
  session->interpreter = 0;
  session->delegate = 0;
  session->model = 0;
}

// 0, or which step failed: 1 not a model, 2 no delegate, 3 no interpreter, 4 no memory for its tensors.
// `model` stays in use until close.
NATIVE(jint, open)(JNIEnv* env, jclass type, jobject buffer, jobject model, jboolean delegate, jint threads) {
  Session* session = SessionIn(env, buffer);
  const void* bytes = Bytes(env, model, 1);
  if (!session || !bytes) return 1;
  session->interpreter = 0;
  session->delegate = 0;
  session->model = TfLiteModelCreate(bytes, (size_t)(*env)->GetDirectBufferCapacity(env, model));
  if (!session->model) return 1;
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetNumThreads(options, threads);
  if (delegate) {
    session->delegate = TfLiteXNNPackDelegateCreate(0);
    if (session->delegate) TfLiteInterpreterOptionsAddDelegate(options, session->delegate);
  }
  session->interpreter = TfLiteInterpreterCreate(session->model, options);
  TfLiteInterpreterOptionsDelete(options);
  int failed = 0;
  if (delegate && !session->delegate) failed = 2;
  else if (!session->interpreter) failed = 3;
  else if (TfLiteInterpreterAllocateTensors(session->interpreter) != 0) failed = 4;
  if (failed) Java_app_handlens_Native_close(env, type, buffer);
  return failed;
}

static const TfLiteTensor* TensorOf(JNIEnv* env, jobject buffer, jboolean input) {
  const Session* session = SessionIn(env, buffer);
  if (!session || !session->interpreter) return 0;
  return input ? TfLiteInterpreterGetInputTensor(session->interpreter, 0)
               : TfLiteInterpreterGetOutputTensor(session->interpreter, 0);
}

// {type, zero point, dimensions...} of the input or output tensor; type 1 float32, 3 uint8, 9 int8. Null when
// closed.
NATIVE(jintArray, shape)(JNIEnv* env, jclass type, jobject buffer, jboolean input) {
  (void)type;
  const TfLiteTensor* tensor = TensorOf(env, buffer, input);
  if (!tensor) return 0;
  const jint dims = TfLiteTensorNumDims(tensor);
  jintArray result = (*env)->NewIntArray(env, 2 + dims);
  if (!result) return 0;
  const jint head[2] = {TfLiteTensorType(tensor), TfLiteTensorQuantizationParams(tensor).zero_point};
  (*env)->SetIntArrayRegion(env, result, 0, 2, head);
  for (jint i = 0; i < dims; ++i) {
    const jint side = TfLiteTensorDim(tensor, i);
    (*env)->SetIntArrayRegion(env, result, 2 + i, 1, &side);
  }
  return result;
}

NATIVE(jfloat, scale)(JNIEnv* env, jclass type, jobject buffer, jboolean input) {
  (void)type;
  const TfLiteTensor* tensor = TensorOf(env, buffer, input);
  return tensor ? TfLiteTensorQuantizationParams(tensor).scale : 0;
}

// The tensor's own memory; valid until close.
NATIVE(jobject, data)(JNIEnv* env, jclass type, jobject buffer, jboolean input) {
  (void)type;
  const TfLiteTensor* tensor = TensorOf(env, buffer, input);
  return tensor
             ? (*env)->NewDirectByteBuffer(env, TfLiteTensorData(tensor), (jlong)TfLiteTensorByteSize(tensor))
             : 0;
}

NATIVE(jint, invoke)(JNIEnv* env, jclass type, jobject buffer) {
  (void)type;
  const Session* session = SessionIn(env, buffer);
  return session && session->interpreter ? TfLiteInterpreterInvoke(session->interpreter) : 1;
}
