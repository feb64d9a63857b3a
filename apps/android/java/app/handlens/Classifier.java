package app.handlens;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** One interpreter of the model: with the plain kernels, or with the XNNPACK delegate. Thread-safe by locking. */
final class Classifier implements AutoCloseable {
    private final Spec spec;
    private final ByteBuffer session = ByteBuffer.allocateDirect(Native.sessionBytes());
    private final ByteBuffer model;  // in use until close
    private final ByteBuffer input;
    private final ByteBuffer output;
    private final int inputType;
    private final int outputType;
    private final int outputZero;
    private final float outputScale;
    private ByteBuffer scratch = ByteBuffer.allocateDirect(1);
    private final Rgb seen;
    private boolean open;

    Classifier(ByteBuffer model, Spec spec, boolean delegate) throws Problem {
        this.model = model;
        this.spec = spec;
        int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors() - 1));
        int failed = Native.open(session, model, delegate, threads);
        if (failed != 0) throw new Problem(failed == 2 ? R.string.problem_no_delegate : R.string.problem_model, failed);
        open = true;
        try {
            int[] in = Native.shape(session, true);
            int[] out = Native.shape(session, false);
            check(in, out);
            inputType = in[0];
            outputType = out[0];
            outputZero = out[1];
            outputScale = Native.scale(session, false);
            input = Native.data(session, true).order(ByteOrder.nativeOrder());
            output = Native.data(session, false).order(ByteOrder.nativeOrder());
            seen = Rgb.empty(spec.size, spec.size);
        } catch (Problem problem) {
            close();
            throw problem;
        }
    }

    private void check(int[] in, int[] out) throws Problem {
        boolean square = in.length == 6 && in[2] == 1 && in[3] == spec.size && in[4] == spec.size && in[5] == 3;
        if (!square) throw new Problem(R.string.problem_input, spec.size);
        if (!known(in[0]) || !known(out[0])) throw new Problem(R.string.problem_type, in[0], out[0]);
        int outputs = 1;
        for (int i = 2; i < out.length; i++) outputs *= out[i];
        if (outputs != spec.labels.size()) throw new Problem(R.string.problem_labels, outputs, spec.labels.size());
    }

    private static boolean known(int type) {
        return type == Native.FLOAT32 || type == Native.UINT8 || type == Native.INT8;
    }

    /** One score a label. Keeps the N x N picture that the model saw until the next call: copySeen. */
    synchronized float[] classify(Rgb picture) throws Problem {
        long room = Native.fitResizeScratch(picture.width, picture.height, spec.size, spec.fit);
        if (room > scratch.capacity()) scratch = ByteBuffer.allocateDirect((int) room);
        int status = Native.fitResize(picture.bytes, picture.width, picture.height, spec.size, spec.fit, seen.bytes, scratch);
        if (status != 0) throw new Problem(R.string.problem_too_large);
        return classifySeen();
    }

    private float[] classifySeen() throws Problem {
        if (!open) throw new Problem(R.string.problem_model, 0);
        int count = spec.size * spec.size * 3;
        if (inputType == Native.FLOAT32) {
            Native.feedFloat(seen.bytes, count, input);
        } else {
            Native.feedBytes(seen.bytes, count, inputType == Native.INT8 ? 128 : 0, input);
        }
        if (Native.invoke(session) != 0) throw new Problem(R.string.problem_model, 5);
        return scores();
    }

    private float[] scores() {
        float[] scores = new float[spec.labels.size()];
        for (int i = 0; i < scores.length; i++) {
            if (outputType == Native.FLOAT32) {
                scores[i] = output.getFloat(4 * i);
            } else {
                int value = outputType == Native.UINT8 ? output.get(i) & 255 : output.get(i);
                scores[i] = outputScale * (value - outputZero);
            }
        }
        return scores;
    }

    /** A copy of what the model saw in the last classify. */
    synchronized Rgb copySeen() {
        Rgb copy = Rgb.empty(seen.width, seen.height);
        ByteBuffer from = seen.bytes.duplicate();
        Assets.rewind(from);
        copy.bytes.put(from);
        Assets.rewind(copy.bytes);
        return copy;
    }

    String inputTypeName() {
        return inputType == Native.FLOAT32 ? "float32" : inputType == Native.UINT8 ? "uint8" : "int8";
    }

    @Override
    public synchronized void close() {
        if (open) Native.close(session);
        open = false;
    }
}
