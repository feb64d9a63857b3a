package app.handlens;

import android.os.Bundle;
import android.os.Handler;
import android.os.Looper;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.ImageView;
import android.widget.TextView;
import org.json.JSONException;

/** The self-check on the screen: at the first start, and whenever the user wants it. */
public final class CheckActivity extends Screen {
    static final String FIRST = "first";

    private final Handler main = new Handler(Looper.getMainLooper());
    private SelfCheck result;
    private boolean running;
    private ViewGroup rows;
    private TextView summary;

    @Override
    int layout() {
        return R.layout.check;
    }

    @Override
    int title() {
        return R.string.self_check;
    }

    @Override
    void start(Bundle saved) {
        rows = findViewById(R.id.rows);
        summary = findViewById(R.id.summary);
        findViewById(R.id.again).setOnClickListener(view -> run());
        findViewById(R.id.share).setOnClickListener(view -> share());
        findViewById(R.id.go_on).setOnClickListener(view -> finish());
        findViewById(R.id.go_on).setVisibility(getIntent().getBooleanExtra(FIRST, false) ? View.VISIBLE : View.GONE);
        Object kept = getLastNonConfigurationInstance();
        if (kept instanceof SelfCheck) show((SelfCheck) kept);
        else run();
    }

    SelfCheck result() {
        return result;
    }

    private void run() {
        if (running) return;
        running = true;
        setBusy(true);
        rows.removeAllViews();
        summary.setText(R.string.check_running);
        summary.setTextColor(getColor(R.color.text));
        new Thread(() -> {
            SelfCheck done = null;
            String problem = "";
            try {
                done = SelfCheck.run(getApplicationContext());
            } catch (Problem e) {
                problem = e.in(this);
            } catch (OutOfMemoryError e) {
                problem = getString(R.string.problem_memory);
            }
            SelfCheck finished = done;
            String words = problem;
            main.post(() -> finished(finished, words));
        }, "self-check").start();
    }

    private void finished(SelfCheck finished, String problem) {
        running = false;
        if (isDestroyed()) return;
        setBusy(false);
        if (finished != null) {
            show(finished);
        } else {
            summary.setText(problem);
            summary.setTextColor(getColor(R.color.wrong));
        }
    }

    private void setBusy(boolean busy) {
        findViewById(R.id.progress).setVisibility(busy ? View.VISIBLE : View.GONE);
        findViewById(R.id.again).setEnabled(!busy);
        findViewById(R.id.go_on).setEnabled(!busy);
        findViewById(R.id.share).setEnabled(!busy);
    }

    private void show(SelfCheck check) {
        result = check;
        setBusy(false);
        summary.setText(check.passed() ? R.string.check_passed : R.string.check_failed);
        summary.setTextColor(getColor(check.passed() ? R.color.right : R.color.wrong));
        Spec spec = engine().spec;
        if (spec.checksPassed < spec.checks) addRow(null, false, getString(R.string.verdict_missed, spec.checksPassed, spec.checks), "");
        Golden golden = check.golden;
        addRow(null, golden.passed(), getString(R.string.check_pixels),
                getString(R.string.check_pixels_details, golden.count - golden.failed.size(), golden.count, golden.differingBytes, golden.largestDifference));
        addRow(null, check.modelIntact, getString(R.string.check_model), getString(check.modelIntact ? R.string.check_model_right : R.string.check_model_wrong));
        int delegate = !check.delegateWorks ? R.string.delegate_missing : check.delegateAgrees ? R.string.delegate_used : R.string.delegate_disagrees;
        addRow(null, check.delegateAgrees, getString(R.string.check_delegate), getString(delegate));
        for (SelfCheck.Row row : check.rows) addPicture(row);
        if (check.rows.isEmpty()) addRow(null, true, getString(R.string.check_no_pictures), "");
    }

    private void addPicture(SelfCheck.Row row) {
        int best = new Scores(row.computer, 0).best();
        String label = engine().spec.labels.get(best);
        StringBuilder details = new StringBuilder();
        details.append(getString(R.string.check_computer, label, row.computer[best])).append('\n');
        details.append(line(R.string.check_builtin, row.builtin, row.computer));
        if (row.xnnpack != null) details.append('\n').append(line(R.string.check_xnnpack, row.xnnpack, row.computerXnnpack));
        details.append('\n').append(getString(row.sameInput ? R.string.check_same_input : R.string.check_other_input));
        addRow(row.seen, row.builtinRight, getString(R.string.check_picture, row.label), details.toString());
    }

    private String line(int text, float[] scores, float[] computer) {
        int best = new Scores(scores, 0).best();
        return getString(text, engine().spec.labels.get(best), scores[best], SelfCheck.largestDifference(scores, computer));
    }

    private void addRow(Rgb picture, boolean right, String title, String details) {
        View row = LayoutInflater.from(this).inflate(R.layout.check_row, rows, false);
        TextView mark = row.findViewById(R.id.mark);
        mark.setText(right ? R.string.right_mark : R.string.wrong_mark);
        mark.setTextColor(getColor(right ? R.color.right : R.color.wrong));
        ((TextView) row.findViewById(R.id.row_title)).setText(title);
        ((TextView) row.findViewById(R.id.details)).setText(details);
        ImageView image = row.findViewById(R.id.picture);
        image.setVisibility(picture == null ? View.GONE : View.VISIBLE);
        if (picture != null) image.setImageBitmap(picture.toBitmap());
        rows.addView(row);
    }

    private void share() {
        if (result == null) return;
        try {
            String json = PhoneRecord.of(this, engine()).put("self_check", result.toJson()).toString(1);
            Export.share(this, "handlens-self-check.json", "application/json", json);
        } catch (JSONException e) {
            throw new IllegalStateException(e);  // only for numbers that are none, which are written as null
        }
    }

    @Override
    public Object onRetainNonConfigurationInstance() {
        return result;
    }
}
