package app.handlens;

import android.content.Context;
import android.util.AttributeSet;
import android.view.LayoutInflater;
import android.widget.LinearLayout;
import android.widget.ProgressBar;
import android.widget.TextView;

/** The answer: label, confidence bar, the three best, "not sure", and a hint. */
public final class ScoresPanel extends LinearLayout {
    private static final int BAR = 1000;

    private final TextView label;
    private final TextView confidence;
    private final TextView others;
    private final TextView hint;
    private final ProgressBar bar;

    public ScoresPanel(Context context, AttributeSet attributes) {
        super(context, attributes);
        setOrientation(VERTICAL);
        LayoutInflater.from(context).inflate(R.layout.scores, this, true);
        label = findViewById(R.id.label);
        confidence = findViewById(R.id.confidence);
        others = findViewById(R.id.others);
        hint = findViewById(R.id.hint);
        bar = findViewById(R.id.bar);
        bar.setMax(BAR);
    }

    void show(Spec spec, Scores scores, int hintText) {
        Context context = getContext();
        String best = spec.labels.get(scores.best());
        boolean sure = scores.sure(spec);
        if (scores.refers(spec)) {
            setText(label, context.getString(R.string.refer));
            setText(confidence, context.getString(R.string.refer_possibly, spec.labels.get(spec.referClass), Scores.percent(scores.values[spec.referClass])));
        } else {
            setText(label, sure ? best : context.getString(R.string.not_sure));
            String possible = sure ? "" : scores.possible(spec);
            setText(confidence, !possible.isEmpty() ? context.getString(R.string.perhaps, possible)
                    : context.getString(sure ? R.string.confidence : R.string.confidence_unsure, Scores.percent(scores.top()), best));
        }
        bar.setProgress(Math.round(BAR * Math.max(0, Math.min(1, scores.top()))));
        bar.setContentDescription(confidence.getText());
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < Math.min(Scores.SHOWN, scores.order.length); i++) {
            int k = scores.order[i];
            if (i > 0) lines.append('\n');
            lines.append(i + 1).append(". ").append(spec.labels.get(k)).append("  ").append(Scores.percent(scores.values[k]));
        }
        setText(others, lines.toString());
        setText(hint, Hints.text(context, spec, hintText));
    }

    /** Only when it changes, or a screen reader would speak without end. */
    private static void setText(TextView view, String text) {
        if (!text.contentEquals(view.getText())) view.setText(text);
    }
}
