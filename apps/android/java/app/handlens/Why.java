package app.handlens;

import android.graphics.Bitmap;
import java.nio.ByteBuffer;
import java.util.function.IntPredicate;

/**
 * Why the model answered: places of the picture are covered one after the other, as src/verify/routes/occlusion.cc does. The numbers
 * come from app.json, so that program and app cannot differ.
 */
final class Why {
    /** Scores of the model's n x n pixels. */
    interface Model {
        float[] classify(Rgb picture) throws Problem;
    }

    final int cells;         // a side of the grid; a place is two cells wide
    final double leastDrop;  // of the score; below it no place matters
    final double mostRed;    // where covering takes most

    Why(int cells, double leastDrop, double mostRed) {
        this.cells = cells;
        this.leastDrop = leastDrop;
        this.mostRed = mostRed;
    }

    private int edge(int halves, int size) {
        return Math.max(0, Math.min(size, halves * size / (2 * cells)));
    }

    /** The same with the place around the middle of cell (row, column) in the picture's mean colour. */
    Rgb covered(Rgb picture, int row, int column) {
        int size = picture.width;
        long[] sums = new long[3];
        for (int i = 0; i < 3 * size * size; i++) sums[i % 3] += picture.bytes.get(i) & 255;
        Rgb out = Rgb.empty(size, size);
        for (int i = 0; i < 3 * size * size; i++) out.bytes.put(i, picture.bytes.get(i));
        for (int y = edge(2 * row - 1, size); y < edge(2 * row + 3, size); y++) {
            for (int x = edge(2 * column - 1, size); x < edge(2 * column + 3, size); x++) {
                for (int c = 0; c < 3; c++) out.bytes.put(3 * (y * size + x) + c, (byte) (sums[c] / ((long) size * size)));
            }
        }
        return out;
    }

    /** How much of the label's score is lost with each place covered, row after row; null when `goOn` said no. */
    float[] drops(Model model, Rgb picture, int label, IntPredicate goOn) throws Problem {
        float whole = model.classify(picture)[label];
        float[] drops = new float[cells * cells];
        for (int i = 0; i < drops.length; i++) {
            if (!goOn.test(i)) return null;
            drops[i] = whole - model.classify(covered(picture, i / cells, i % cells))[label];
        }
        return drops;
    }

    static float most(float[] drops) {
        float most = drops[0];
        for (float drop : drops) most = Math.max(most, drop);
        return most;
    }

    /** Between the middles of the cells, as a picture is enlarged; x and y in 0..1. */
    private double between(float[] drops, double x, double y) {
        double px = Math.max(0, Math.min(cells - 1, x * cells - 0.5));
        double py = Math.max(0, Math.min(cells - 1, y * cells - 0.5));
        int column = Math.min((int) px, cells - 2);
        int row = Math.min((int) py, cells - 2);
        double right = px - column;
        double down = py - row;
        int at = row * cells + column;
        return (1 - down) * ((1 - right) * drops[at] + right * drops[at + 1])
                + down * ((1 - right) * drops[at + cells] + right * drops[at + cells + 1]);
    }

    /** The model's pixels as a picture of `side` pixels, redder where covering takes more. */
    Bitmap heat(Rgb picture, float[] drops, int side) {
        int[] pixels = new int[side * side];
        ByteBuffer bytes = picture.bytes;
        float most = most(drops);
        for (int y = 0; y < side; y++) {
            for (int x = 0; x < side; x++) {
                int from = 3 * (y * picture.height / side * picture.width + x * picture.width / side);
                double share = most < leastDrop ? 0 : between(drops, (x + 0.5) / side, (y + 0.5) / side) / most;
                double red = mostRed * Math.max(0, Math.min(1, share));
                int colour = 0xff;
                for (int c = 0; c < 3; c++) colour = colour << 8 | (int) ((1 - red) * (bytes.get(from + c) & 255) + red * (c == 0 ? 255 : 0) + 0.5);
                pixels[y * side + x] = colour;
            }
        }
        return Bitmap.createBitmap(pixels, side, side, Bitmap.Config.ARGB_8888);
    }
}
