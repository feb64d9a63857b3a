// Prints what a model answers to forty made-up pictures by the plain kernels and by XNNPACK, a line each: the
// same program for this computer and, under emulation, for the phones' processor. Usage: model_scores MODEL.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../apps/android/jni/tflite_c.h"

enum { kFloat32 = 1, kInt8 = 9, kPictures = 40 };

static void* Contents(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  if (!file) return 0;
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  void* bytes = malloc(*size);
  if (bytes && fread(bytes, 1, *size, file) != *size) *size = 0;
  fclose(file);
  return bytes;
}

// Slopes of three colours with a bright disc and a little noise, different for each k.
static unsigned char Pixel(int k, int x, int y, int c, int n, unsigned* noise) {
  *noise = *noise * 1664525u + 1013904223u;
  const int dx = x - (k * 7) % n, dy = y - (k * 13) % n;
  int value = (x * (k + 1) + y * (40 - k)) * 4 / n + c * (k % 5) * 20 + (int)(*noise >> 27);
  if (dx * dx + dy * dy < n * n / 12) value += 90 - 30 * (c - k % 3);
  return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void Feed(TfLiteTensor* input, int k) {
  const int n = TfLiteTensorDim(input, 1), type = TfLiteTensorType(input);
  unsigned noise = (unsigned)k;
  for (int i = 0; i < n * n * 3; ++i) {
    const unsigned char byte = Pixel(k, i / 3 % n, i / 3 / n, i % 3, n, &noise);
    if (type == kFloat32) ((float*)TfLiteTensorData(input))[i] = (float)byte / 255.0f;
    else ((unsigned char*)TfLiteTensorData(input))[i] = (unsigned char)(type == kInt8 ? byte - 128 : byte);
  }
}

static void Print(const TfLiteTensor* output) {
  const TfLiteQuantizationParams q = TfLiteTensorQuantizationParams(output);
  const int classes = TfLiteTensorDim(output, 1), type = TfLiteTensorType(output);
  for (int i = 0; i < classes; ++i) {
    if (type == kFloat32) printf("%.9g ", (double)((const float*)TfLiteTensorData(output))[i]);
    else if (type == kInt8)
      printf("%.9g ",
             (double)(q.scale * (float)(((const signed char*)TfLiteTensorData(output))[i] - q.zero_point)));
    else
      printf("%.9g ",
             (double)(q.scale * (float)(((const unsigned char*)TfLiteTensorData(output))[i] - q.zero_point)));
  }
  puts("");
}

static int Run(const TfLiteModel* model, TfLiteDelegate* delegate) {
  TfLiteInterpreterOptions* options = TfLiteInterpreterOptionsCreate();
  TfLiteInterpreterOptionsSetNumThreads(options, 1);
  if (delegate) TfLiteInterpreterOptionsAddDelegate(options, delegate);
  TfLiteInterpreter* interpreter = TfLiteInterpreterCreate(model, options);
  TfLiteInterpreterOptionsDelete(options);
  if (!interpreter || TfLiteInterpreterAllocateTensors(interpreter) != 0) return 1;
  for (int k = 0; k < kPictures; ++k) {
    Feed(TfLiteInterpreterGetInputTensor(interpreter, 0), k);
    if (TfLiteInterpreterInvoke(interpreter) != 0) return 1;
    Print(TfLiteInterpreterGetOutputTensor(interpreter, 0));
  }
  TfLiteInterpreterDelete(interpreter);
  return 0;
}

int main(int count, char** words) {
  size_t size = 0;
  void* bytes = count == 2 ? Contents(words[1], &size) : 0;
  TfLiteModel* model = bytes ? TfLiteModelCreate(bytes, size) : 0;
  if (!model || Run(model, 0) != 0) return 1;
  TfLiteDelegate* delegate = TfLiteXNNPackDelegateCreate(0);
  return delegate ? Run(model, delegate) : 1;
}
