"""Reads model files with readers that are not ours: TensorFlow's own schema and metadata classes, and zipfile.

    python tools/oracles/tflite_metadata.py MODEL.tflite...

Needs the packages `tflite` 2.18.0 and `tflite-support` 0.4.4. Prints what they see of each file and fails when they
disagree with each other: the number of labels against the output, buffers off a multiple of 16 bytes, an archive with
errors. Development only; the build and the tests do not use it.
"""
import io
import sys
import zipfile

import tflite
from tensorflow_lite_support.metadata import metadata_schema_py_generated as schema
from tensorflow_lite_support.metadata.python import metadata


def operators(model):
    codes = [model.OperatorCodes(i) for i in range(model.OperatorCodesLength())]
    names = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
    return [f"{names[c.BuiltinCode()]} v{c.Version()}" for c in codes]


def check(path):
    data = open(path, "rb").read()
    model = tflite.Model.GetRootAsModel(data, 0)
    assert model.Version() == 3 and data[4:8] == b"TFL3"
    graph = model.Subgraphs(0)
    for i in range(1, model.BuffersLength()):
        content = model.Buffers(i).DataAsNumpy()
        if isinstance(content, int):
            continue
        assert (content.ctypes.data - _start(data)) % 16 == 0, f"buffer {i} is not aligned"
    output = graph.Tensors(graph.Outputs(0))
    entries = [model.Metadata(i).Name().decode() for i in range(model.MetadataLength())]
    print(path, operators(model), output.ShapeAsNumpy().tolist(), entries)
    if "TFLITE_METADATA" not in entries:
        return
    displayer = metadata.MetadataDisplayer.with_model_file(path)
    files = displayer.get_packed_associated_file_list()
    labels = displayer.get_associated_file_buffer("labels.txt").decode().splitlines()
    assert len(labels) == output.Shape(output.ShapeLength() - 1), "labels do not fit the output"
    parsed = schema.ModelMetadataT.InitFromObj(
        schema.ModelMetadata.GetRootAsModelMetadata(displayer.get_metadata_buffer(), 0))
    image = parsed.subgraphMetadata[0].inputTensorMetadata[0]
    unit = image.processUnits[0].options
    print("  name", parsed.name, "- files", files, "- labels", labels, "- mean", unit.mean, "std", unit.std,
          "- colours", image.content.contentProperties.colorSpace, "- parser", parsed.minParserVersion)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == sorted(files)
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def _start(data):
    import numpy
    return numpy.frombuffer(data, numpy.uint8).ctypes.data


if __name__ == "__main__":
    for name in sys.argv[1:]:
        check(name)
    print(f"{len(sys.argv) - 1} files read")
