package org.tensorflow.lite;

import java.nio.ByteBuffer;

/** Declarations enough to compile a generated wrapper against, by the library's documentation. */
public final class Interpreter implements AutoCloseable {
  public static class Options {}

  public Interpreter(ByteBuffer model, Options options) {}

  public Tensor getInputTensor(int index) {
    return null;
  }

  public Tensor getOutputTensor(int index) {
    return null;
  }

  public void run(Object input, Object output) {}

  @Override
  public void close() {}
}
