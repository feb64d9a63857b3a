// libhandlens_dicom.so, see module.h: DCMTK reads, decompresses and applies the window.
#include "image/dicom/module.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmimage/diregist.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

struct hl_dicom {
  DcmInputBufferStream stream;
  DcmFileFormat file;
  hl_dicom_facts facts = {};
};

namespace {

// DCMTK's dictionary, which lies beside this library: files of implicit VR do not say what their values are.
std::string DictionaryPath() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<const void*>(&hl_dicom_open), &info) == 0 || info.dli_fname == nullptr)
    return "";
  const std::string path(info.dli_fname);
  return path.substr(0, path.rfind('/') + 1) + "handlens_dicom.dic";
}

void Prepare() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    const std::string path = DictionaryPath();
    dcmDataDict.wrlock().loadDictionary(path.c_str(), OFFalse);
    dcmDataDict.wrunlock();
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  });
}

void Say(char* message, const std::string& text) {
  const size_t size = std::min<size_t>(text.size(), HL_DICOM_TEXT - 1);
  std::memcpy(message, text.data(), size);
  message[size] = 0;
}

std::string Trimmed(const OFString& text) {
  const std::string all(text.c_str());
  const size_t first = all.find_first_not_of(" \t"), last = all.find_last_not_of(" \t");
  return first == std::string::npos ? "" : all.substr(first, last - first + 1);
}

int Number(DcmDataset& data, const DcmTagKey& tag, int fallback) {
  Uint16 value = 0;
  return data.findAndGetUint16(tag, value).good() ? value : fallback;
}

bool ReadFacts(hl_dicom& dicom, std::string& why) {
  DcmDataset& data = *dicom.file.getDataset();
  hl_dicom_facts& facts = dicom.facts;
  facts.height = Number(data, DCM_Rows, 0);
  facts.width = Number(data, DCM_Columns, 0);
  if (facts.width == 0 || facts.height == 0 || !data.tagExists(DCM_PixelData)) {
    why = "a DICOM file without a picture (a report, a plan or a directory)";
    return false;
  }
  facts.bits = Number(data, DCM_BitsStored, 8);
  facts.colour = Number(data, DCM_SamplesPerPixel, 1) >= 3;
  Sint32 frames = 1;
  if (data.findAndGetSint32(DCM_NumberOfFrames, frames).bad() || frames < 1) frames = 1;
  facts.frames = frames;
  OFString patient;
  if (data.findAndGetOFString(DCM_PatientID, patient).good()) Say(facts.patient, Trimmed(patient));
  return true;
}

bool Decompress(hl_dicom& dicom, std::string& why) {
  DcmDataset& data = *dicom.file.getDataset();
  if (data.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).good() &&
      data.canWriteXfer(EXS_LittleEndianExplicit))
    return true;
  const DcmXfer transfer(data.getOriginalXfer());
  const std::string name(transfer.getXferName());
  const bool known = name.find("JPEG 2000") == std::string::npos && name.find("MPEG") == std::string::npos &&
                     name.find("HEVC") == std::string::npos;
  why = known ? "a damaged or truncated DICOM file: its " + name + " data cannot be decompressed"
              : "a DICOM file compressed by " + name + ", which is not read here; export it as PNG";
  return false;
}

// The first window of the file, else its first VOI lookup table, else all values from the lowest to the
// highest.
bool SetWindow(DicomImage& image) {
  if (!image.isMonochrome()) return true;
  if (image.getWindowCount() > 0) return image.setWindow(0) != 0;
  if (image.getVoiLutCount() > 0) return image.setVoiLut(0) != 0;
  return image.setMinMaxWindow(0) != 0;
}

bool Render(hl_dicom& dicom, uint8_t* rgb, std::string& why) {
  if (!Decompress(dicom, why)) return false;
  DicomImage image(&dicom.file, EXS_LittleEndianExplicit, CIF_UsePartialAccessToPixelData, 0, 1);
  const auto width = static_cast<unsigned long>(dicom.facts.width),
             height = static_cast<unsigned long>(dicom.facts.height);
  if (image.getStatus() != EIS_Normal || image.getWidth() != width || image.getHeight() != height) {
    why =
        std::string("a DICOM file whose picture cannot be read: ") + DicomImage::getString(image.getStatus());
    return false;
  }
  const size_t pixels = width * height;
  const size_t channels = image.isMonochrome() ? 1 : 3;
  if (!SetWindow(image) || image.getOutputDataSize(8) != pixels * channels ||
      image.getOutputData(rgb, pixels * channels, 8, 0, 0) == 0) {
    why = "a damaged DICOM file: its picture cannot be rendered";
    return false;
  }
  if (channels == 1) {  // grey to RGB in place, from the end
    for (size_t i = pixels; i-- > 0;) rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = rgb[i];
  }
  return true;
}

}  // namespace

hl_dicom* hl_dicom_open(const uint8_t* bytes, size_t size, hl_dicom_facts* facts, char* message) try {
  Prepare();
  auto dicom = std::make_unique<hl_dicom>();
  dicom->stream.setBuffer(bytes, static_cast<offile_off_t>(size));
  dicom->stream.setEos();
  std::string why;
  dicom->file.transferInit();
  const OFCondition read = dicom->file.read(dicom->stream);
  dicom->file.transferEnd();
  if (read.bad()) {
    Say(message, std::string("a damaged or truncated DICOM file: ") + read.text());
    return nullptr;
  }
  if (!ReadFacts(*dicom, why)) {
    Say(message, why);
    return nullptr;
  }
  *facts = dicom->facts;
  return dicom.release();
} catch (const std::exception& error) {
  Say(message, std::string("a DICOM file that cannot be read: ") + error.what());
  return nullptr;
}

int hl_dicom_render(hl_dicom* file, uint8_t* rgb, char* message) try {
  std::string why;
  if (Render(*file, rgb, why)) return 0;
  Say(message, why);
  return 1;
} catch (const std::exception& error) {
  Say(message, std::string("a DICOM file that cannot be read: ") + error.what());
  return 1;
}

void hl_dicom_close(hl_dicom* file) { delete file; }
