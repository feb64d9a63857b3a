package app.handlens;

import android.content.Context;

/** Why something cannot go on, as a text of the resources. */
final class Problem extends Exception {
    private final int text;
    private final Object[] values;

    Problem(int text, Object... values) {
        super("problem " + text);
        this.text = text;
        this.values = values;
    }

    String in(Context context) {
        return context.getString(text, values);
    }
}
