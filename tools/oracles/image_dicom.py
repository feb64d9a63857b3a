#!/usr/bin/env python3
"""Makes src/image/testdata/dicom: small DICOM files with the pixels that pydicom and the standard's formula give.

Run: image_dicom.py src/image/testdata/dicom   (pydicom 3, Pillow, numpy; Debian's dcmtk for dcmcjpeg, dcmcjpls, dcmcrle, dcmconv).
expected.json lists file, size, bound and patient; the RGB bytes lie one after the other in expected.bin. Grey values go
through the rescale and the first window by PS3.3 C.11.2.1.2, or from the lowest to the highest value where a file has no
window; MONOCHROME1 is shown inverted.
"""
import hashlib
import json
import pathlib
import subprocess
import sys

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
HEIGHT, WIDTH = 19, 26
y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
blob, entries = bytearray(), []


def made(pixels, photometric, patient, transfer=ExplicitVRLittleEndian, **more):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    meta.TransferSyntaxUID = transfer
    data = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID = "Doe^Jane", patient
    data.Rows, data.Columns = pixels.shape[:2]
    data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    data.PhotometricInterpretation = photometric
    bits = 8 * pixels.dtype.itemsize
    data.BitsAllocated, data.BitsStored, data.HighBit = bits, more.pop("stored", bits), more.pop("stored_high", bits - 1)
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    if data.SamplesPerPixel == 3:
        data.PlanarConfiguration = 0
    for name, value in more.items():
        setattr(data, name, value)
    data.PixelData = pixels.tobytes()
    return data


def shown(data):
    if data.SamplesPerPixel == 3:
        return data.pixel_array
    values = np.asarray(apply_modality_lut(data.pixel_array, data), float)
    if "WindowCenter" in data:
        first = lambda v: float(v[0] if isinstance(v, pydicom.multival.MultiValue) else v)
        center, width = first(data.WindowCenter), first(data.WindowWidth)
        share = np.clip((values - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    else:
        share = (values - values.min()) / (values.max() - values.min())
    if data.PhotometricInterpretation == "MONOCHROME1":
        share = 1 - share
    return np.repeat(np.round(255 * share).astype(np.uint8)[..., None], 3, -1)


def add(name, data, bound=1, convert=None, pixels=None):
    path = folder / name
    data.save_as(path, enforce_file_format=True)
    expected = shown(pydicom.dcmread(path)) if pixels is None else pixels
    if convert:
        subprocess.run([*convert, str(path), str(path)], check=True)
    patient = str(data.PatientID).strip()
    entries.append({"file": name, "width": WIDTH, "height": HEIGHT, "bound": bound,
                    "group": "patient " + hashlib.sha256(patient.encode()).hexdigest()[:12] if patient else ""})
    blob.extend(np.ascontiguousarray(expected, np.uint8).tobytes())


CT = (x * 60 + y * 25 - 400).astype(np.int16)
RGB = np.stack([x * 9, y * 13, 255 - x * 4 - y * 3], -1).astype(np.uint8)
WINDOW = {"WindowCenter": ["40", "600"], "WindowWidth": ["400", "1500"], "RescaleSlope": "1", "RescaleIntercept": "-100"}
add("ct_window.dcm", made(CT, "MONOCHROME2", "p-17", **WINDOW))
add("ct_implicit.dcm", made(CT, "MONOCHROME2", "p-17", ImplicitVRLittleEndian, **WINDOW))
add("ct_big_endian.dcm", made(CT, "MONOCHROME2", "p-18", **WINDOW), convert=["dcmconv", "+tb"])
add("ct_deflated.dcm", made(CT, "MONOCHROME2", "p-18", DeflatedExplicitVRLittleEndian, **WINDOW))
add("twelve_bits.dcm", made((x * 150 + 7).astype(np.uint16), "MONOCHROME2", "", stored=12, stored_high=11))
add("inverted.dcm", made((x * 9).astype(np.uint8), "MONOCHROME1", "p-19", WindowCenter="128", WindowWidth="256"))
add("colour.dcm", made(RGB, "RGB", "p-20"))
planes = made(RGB, "RGB", "p-20")
planes.PlanarConfiguration = 1
planes.PixelData = np.ascontiguousarray(RGB.transpose(2, 0, 1)).tobytes()
add("colour_planes.dcm", planes, pixels=RGB)
add("run_lengths.dcm", made(RGB, "RGB", "p-20"), convert=["dcmcrle"])
add("jpeg_lossless.dcm", made(CT, "MONOCHROME2", "p-17", **WINDOW), convert=["dcmcjpeg", "+e1"])
add("jpeg_baseline.dcm", made((x * 9).astype(np.uint8), "MONOCHROME2", "p-21", WindowCenter="128", WindowWidth="256"),
    bound=6, convert=["dcmcjpeg", "+eb", "+q", "95"])
add("jpeg_ls.dcm", made(CT, "MONOCHROME2", "p-17", **WINDOW), convert=["dcmcjpls"])
(folder / "expected.bin").write_bytes(blob)
(folder / "expected.json").write_text(json.dumps({"format": "handlens-image-testdata", "version": 1, "files": entries}, indent=1) + "\n")
