package app.handlens;

/**
 * What the user could do for a better picture. The paper's four real-time troubles (picture size, distance, place in the
 * frame, background) as advice, and light and shaking as measured. Never changes a pixel.
 */
final class Hints {
    private static final int DARK = 45;        // mean level
    private static final int BRIGHT = 225;
    private static final int FLAT = 6;         // mean distance from the mean level
    private static final int SHAKEN = 28;      // mean change from the frame before
    private static final long ADVICE_MS = 4000;
    private static final int[] ADVICE = {R.string.hint_distance, R.string.hint_centre, R.string.hint_background};

    private byte[] before;

    /** A text of the resources, or 0 when all is well. */
    int of(Rgb seen, boolean sure, long nowMs) {
        byte[] now = new byte[seen.count() * 3];
        java.nio.ByteBuffer from = seen.bytes.duplicate();
        Assets.rewind(from);
        from.get(now);
        long sum = 0;
        for (byte b : now) sum += b & 255;
        int mean = (int) (sum / now.length);
        long spread = 0;
        long change = 0;
        boolean comparable = before != null && before.length == now.length;
        for (int i = 0; i < now.length; i++) {
            spread += Math.abs((now[i] & 255) - mean);
            if (comparable) change += Math.abs((now[i] & 255) - (before[i] & 255));
        }
        before = now;
        if (mean < DARK) return R.string.hint_dark;
        if (mean > BRIGHT) return R.string.hint_bright;
        if (spread / now.length < FLAT) return R.string.hint_flat;
        if (comparable && change / now.length > SHAKEN) return R.string.hint_still;
        return sure ? 0 : ADVICE[(int) (nowMs / ADVICE_MS % ADVICE.length)];
    }
}
