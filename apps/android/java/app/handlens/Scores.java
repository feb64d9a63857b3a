package app.handlens;

import java.util.Locale;

/** What a model answered for one picture. */
final class Scores {
    static final int SHOWN = 3;

    final float[] values;
    final float milliseconds;
    final int[] order;  // labels by falling score; of equals the first

    Scores(float[] values, float milliseconds) {
        this.values = values;
        this.milliseconds = milliseconds;
        order = new int[values.length];
        for (int i = 0; i < order.length; i++) {
            int at = i;
            for (; at > 0 && values[order[at - 1]] < values[i]; at--) order[at] = order[at - 1];
            order[at] = i;
        }
    }

    int best() {
        return order[0];
    }

    float top() {
        return values[order[0]];
    }

    boolean sure(Spec spec) {
        return top() >= spec.notSureBelow;
    }

    /** "oak / beech" where two or three classes may be the right one; empty for one, for more, and where the file does not say. */
    String possible(Spec spec) {
        StringBuilder names = new StringBuilder();
        int count = 0;
        for (int k : order) {
            if (spec.possibleFrom <= 0 || values[k] < spec.possibleFrom) break;
            if (count++ > 0) names.append(" / ");
            names.append(spec.labels.get(k));
        }
        return count == 2 || count == 3 ? names.toString() : "";
    }

    /** The class that must not be missed scores so high that no class is to be named. */
    boolean refers(Spec spec) {
        return spec.referClass >= 0 && values[spec.referClass] >= spec.referFrom;
    }

    static String percent(float score) {
        return String.format(Locale.getDefault(), "%.0f %%", 100 * Math.max(0, Math.min(1, score)));
    }
}
