package app.handlens;

import android.app.Activity;
import android.app.AlertDialog;
import android.os.Handler;
import android.os.Looper;
import android.view.View;
import android.widget.ImageView;
import android.widget.ProgressBar;
import android.widget.TextView;
import java.util.concurrent.atomic.AtomicBoolean;

/** "Why?": covers one place after the other in the background, can be stopped, and shows what the answer rests on. */
final class WhyDialog {
    private static final int SIDE = 336;  // of the drawn picture, before the screen scales it

    private final Activity activity;
    private final Engine engine;
    private final Why why;
    private final Rgb seen;
    private final int label;
    private final Handler main = new Handler(Looper.getMainLooper());
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final View view;
    final AlertDialog dialog;
    float[] drops;  // null until all places were covered

    private WhyDialog(Activity activity, Engine engine, Rgb seen, Scores scores) {
        this.activity = activity;
        this.engine = engine;
        this.seen = seen;
        why = engine.spec.why;
        // Where a class must not be missed and is referred, it is what asks for a reason.
        label = scores.refers(engine.spec) ? engine.spec.referClass : scores.best();
        view = activity.getLayoutInflater().inflate(R.layout.why, null);
        dialog = new AlertDialog.Builder(activity)
                .setTitle(name() + ": " + activity.getString(R.string.why))
                .setView(view)
                .setNegativeButton(R.string.stop, null)
                .setOnDismissListener(gone -> open.set(false))
                .show();
    }

    static WhyDialog show(Activity activity, Engine engine, Rgb seen, Scores scores) {
        WhyDialog shown = new WhyDialog(activity, engine, seen, scores);
        new Thread(shown::work, "why").start();
        return shown;
    }

    private String name() {
        return engine.spec.labels.get(label);
    }

    private void work() {
        try {
            float[] found = why.drops(picture -> engine.classify(picture).values, seen, label, this::step);
            if (found != null) main.post(() -> finish(found));
        } catch (Problem problem) {
            main.post(() -> ((TextView) view.findViewById(R.id.why_words)).setText(problem.in(activity)));
        }
    }

    private boolean step(int done) {
        main.post(() -> {
            if (drops != null) return;
            int total = why.cells * why.cells;
            ((ProgressBar) view.findViewById(R.id.why_bar)).setMax(total);
            ((ProgressBar) view.findViewById(R.id.why_bar)).setProgress(done);
            ((TextView) view.findViewById(R.id.why_words)).setText(activity.getString(R.string.why_running, done, total));
        });
        return open.get();
    }

    private void finish(float[] found) {
        if (!open.get()) return;
        drops = found;
        float most = Why.most(found);
        ImageView picture = view.findViewById(R.id.why_picture);
        picture.setImageBitmap(why.heat(seen, found, SIDE));
        picture.setVisibility(View.VISIBLE);
        view.findViewById(R.id.why_bar).setVisibility(View.GONE);
        ((TextView) view.findViewById(R.id.why_words)).setText(most < why.leastDrop ? activity.getString(R.string.why_none, name())
                : activity.getString(R.string.why_how, name(), Math.round(100 * most)));
        dialog.getButton(AlertDialog.BUTTON_NEGATIVE).setText(R.string.close);
    }
}
