package app.handlens;

import java.nio.ByteBuffer;

/**
 * The native library: the pixel contract and the TensorFlow Lite runtime (jni/handlens_jni.c). All buffers are direct;
 * pictures are R, G, B bytes, row after row. Functions that return int return 0 when all is well. Not thread-safe for one
 * session; the functions on pictures are.
 */
final class Native {
    static final int CROP = 0;
    static final int STRETCH = 1;
    static final int LETTERBOX = 2;
    static final int FLOAT32 = 1;
    static final int UINT8 = 3;
    static final int INT8 = 9;

    static {
        System.loadLibrary("handlens");
    }

    private Native() {}

    static native long fitResizeScratch(int width, int height, int n, int fit);

    static native int fitResize(ByteBuffer rgb, int width, int height, int n, int fit, ByteBuffer out, ByteBuffer scratch);

    /** layout: y row stride, y pixel stride, chroma row stride, chroma pixel stride, width, height. */
    static native int yuvToRgb(ByteBuffer y, ByteBuffer u, ByteBuffer v, int[] layout, ByteBuffer out);

    static native int rotate(ByteBuffer rgb, int width, int height, int degrees, ByteBuffer out);

    static native int orient(ByteBuffer rgb, int width, int height, int orientation, ByteBuffer out);

    /** A bitmap's straight bytes to R, G, B on white, in place; red is at byte 0 or 2 of a pixel. */
    static native int flatten(ByteBuffer bitmap, int count, int red);

    static native int widen(ByteBuffer rgb, int count, int red, ByteBuffer bitmap);

    static native int feedFloat(ByteBuffer rgb, int count, ByteBuffer out);

    static native int feedBytes(ByteBuffer rgb, int count, int minus, ByteBuffer out);

    static native String runtimeVersion();

    static native int sessionBytes();

    /** 0, or the step that failed: 1 the model, 2 the delegate, 3 the interpreter, 4 its memory. */
    static native int open(ByteBuffer session, ByteBuffer model, boolean delegate, int threads);

    static native void close(ByteBuffer session);

    /** Type, zero point, dimensions. */
    static native int[] shape(ByteBuffer session, boolean input);

    static native float scale(ByteBuffer session, boolean input);

    static native ByteBuffer data(ByteBuffer session, boolean input);

    static native int invoke(ByteBuffer session);
}
