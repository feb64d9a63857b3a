package org.tensorflow.lite;

/** Declarations enough to compile a generated wrapper against, by the library's documentation. */
public interface Tensor {
  class QuantizationParams {
    public float getScale() {
      return 0;
    }

    public int getZeroPoint() {
      return 0;
    }
  }

  DataType dataType();

  int numBytes();

  int numElements();

  QuantizationParams quantizationParams();
}
