// The C interface of libhandlens_dicom.so, which reads DICOM files with DCMTK. It is a library of its own,
// opened when the first DICOM file is met, so that nobody else waits for DCMTK to load.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HL_DICOM_API __attribute__((visibility("default")))

enum { HL_DICOM_TEXT = 256 };

typedef struct hl_dicom_facts {
  int32_t width, height, frames;
  int32_t bits;                 // a sample, as stored
  int32_t colour;               // 1: three channels
  char patient[HL_DICOM_TEXT];  // (0010,0020) Patient ID, trimmed; "" = none
} hl_dicom_facts;

typedef struct hl_dicom hl_dicom;

// Reads the header of a file that lies in memory; the bytes must stay until hl_dicom_close. NULL on failure,
// with a phrase in `message` (HL_DICOM_TEXT bytes). Thread-safe for different files.
HL_DICOM_API hl_dicom* hl_dicom_open(const uint8_t* bytes, size_t size, hl_dicom_facts* facts, char* message);

// The first frame as RGB, width x height x 3 bytes, by the rule of docs/pixels.md. 0 on success; else 1 and a
// phrase in `message`.
HL_DICOM_API int hl_dicom_render(hl_dicom* file, uint8_t* rgb, char* message);

HL_DICOM_API void hl_dicom_close(hl_dicom* file);

#ifdef __cplusplus
}
#endif
