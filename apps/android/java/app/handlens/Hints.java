package app.handlens;

import android.content.Context;

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

    private final int guide;   // said first; 0 = none
    private byte[] before;

    Hints(String guide) {
        this.guide = guideOf(guide);
    }

    /** Words for the fault of the camera that harms most by the verdict (docs/formats-app.md); 0 for one that nobody can mend. */
    static int guideOf(String fault) {
        switch (fault) {
            case "distance":
                return R.string.hint_distance;
            case "close":
                return R.string.guide_close;
            case "place":
                return R.string.hint_centre;
            case "tilt":
                return R.string.guide_tilt;
            case "rotation":
                return R.string.guide_rotation;
            case "background":
                return R.string.hint_background;
            case "light":
                return R.string.guide_light;
            case "still":
                return R.string.guide_still;
            case "screen":
                return R.string.guide_screen;
            default:
                return 0;
        }
    }

    /** From which number on the fault does harm; 0 for one whose number users cannot see. */
    static int numberOf(String fault) {
        switch (fault) {
            case "distance":
                return R.string.guide_from_distance;
            case "place":
                return R.string.guide_from_place;
            case "tilt":
                return R.string.guide_from_tilt;
            case "rotation":
                return R.string.guide_from_rotation;
            default:
                return 0;
        }
    }

    /** The hint, with the number where it is about the fault that the verdict names. */
    static String text(Context context, Spec spec, int hint) {
        if (hint == 0) return "";
        String text = context.getString(hint);
        int number = numberOf(spec.guide);
        boolean numbered = hint == guideOf(spec.guide) && number != 0 && spec.guideNumber != 0;
        return numbered ? text + " " + context.getString(number, spec.guideNumber) : text;
    }

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
        if (sure) return 0;
        int turn = (int) (nowMs / ADVICE_MS % (2 * ADVICE.length));
        return guide != 0 && turn % 2 == 0 ? guide : ADVICE[turn % ADVICE.length];
    }
}
