package app.handlens;

import android.app.AlertDialog;
import android.os.Bundle;
import android.view.View;
import android.widget.ArrayAdapter;
import android.widget.Button;
import android.widget.CheckBox;
import android.widget.Spinner;
import android.widget.TextView;
import android.widget.Toast;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.json.JSONException;
import org.json.JSONObject;

/** The paper's real-time protocol: a class, a distance, a place, a background, some shots; then the tally. */
public final class FieldTestActivity extends CameraScreen {
    private static final Integer[] COUNTS = {5, 10, 20, 30};
    private static final String TAKEN = "taken";
    private static final String KEEP = "keep";

    private FieldLog log;
    private FieldPhotos photos;
    private CheckBox keep;
    private Spinner label;
    private Spinner distance;
    private Spinner place;
    private Spinner background;
    private Spinner count;
    private View form;
    private View series;
    private TextView step;
    private TextView tally;
    private Button shoot;
    private int taken = -1;  // of the running series; -1 = none runs
    private int number;      // of the series, from 1
    private boolean armed;   // the next frame is the shot

    @Override
    int layout() {
        return R.layout.field_test;
    }

    @Override
    int title() {
        return R.string.field_test;
    }

    @Override
    void start(Bundle saved) {
        log = new FieldLog(this, engine().spec);
        photos = new FieldPhotos(this, engine().spec);
        keep = findViewById(R.id.keep);
        keep.setChecked(getPreferences(MODE_PRIVATE).getBoolean(KEEP, false));
        keep.setOnCheckedChangeListener((box, on) -> getPreferences(MODE_PRIVATE).edit().putBoolean(KEEP, on).apply());
        form = findViewById(R.id.form);
        series = findViewById(R.id.series);
        step = findViewById(R.id.step);
        tally = findViewById(R.id.tally);
        shoot = findViewById(R.id.shoot);
        label = spinner(R.id.choose_label, engine().spec.labels.toArray());
        distance = spinner(R.id.choose_distance, (Object[]) getResources().getStringArray(R.array.distances));
        place = spinner(R.id.choose_place, (Object[]) getResources().getStringArray(R.array.places));
        background = spinner(R.id.choose_background, (Object[]) getResources().getStringArray(R.array.backgrounds));
        count = spinner(R.id.choose_count, (Object[]) COUNTS);
        findViewById(R.id.begin).setOnClickListener(view -> beginAfterCheck());
        findViewById(R.id.end).setOnClickListener(view -> end());
        findViewById(R.id.share).setOnClickListener(view -> share());
        findViewById(R.id.share_photos).setOnClickListener(view -> sharePhotos());
        findViewById(R.id.clear).setOnClickListener(view -> askClear());
        shoot.setOnClickListener(view -> armed = true);
        startCamera();
        if (saved != null && saved.getInt(TAKEN, -1) >= 0) begin(saved.getInt(TAKEN));
        else end();
    }

    private Spinner spinner(int id, Object[] choices) {
        Spinner spinner = findViewById(id);
        ArrayAdapter<Object> adapter = new ArrayAdapter<>(this, android.R.layout.simple_spinner_item, choices);
        adapter.setDropDownViewResource(android.R.layout.simple_spinner_dropdown_item);
        spinner.setAdapter(adapter);
        return spinner;
    }

    @Override
    protected void onSaveInstanceState(Bundle saved) {
        super.onSaveInstanceState(saved);
        saved.putInt(TAKEN, taken);
    }

    /** Stored pictures before live ones, as in the paper: shots of a phone that fails its self-check would prove nothing. */
    private void beginAfterCheck() {
        if (engine().passed()) {
            begin(0);
            return;
        }
        Toast.makeText(this, R.string.check_first, Toast.LENGTH_LONG).show();
        go(R.id.to_check);
    }

    private void begin(int alreadyTaken) {
        taken = alreadyTaken;
        number = alreadyTaken > 0 ? Math.max(1, log.nextSeries() - 1) : log.nextSeries();
        form.setVisibility(View.GONE);
        series.setVisibility(View.VISIBLE);
        findViewById(R.id.frame_pane).setVisibility(View.VISIBLE);
        setCameraWanted(true);
        showStep();
    }

    private void end() {
        taken = -1;
        armed = false;
        form.setVisibility(View.VISIBLE);
        series.setVisibility(View.GONE);
        findViewById(R.id.frame_pane).setVisibility(View.GONE);
        setCameraWanted(false);
        showTally();
    }

    @Override
    void onCameraReady(boolean ready) {
        shoot.setEnabled(ready);
    }

    private void showStep() {
        step.setText(getString(R.string.field_step, taken + 1, COUNTS[count.getSelectedItemPosition()],
                label.getSelectedItem(), distance.getSelectedItem(), place.getSelectedItem(), background.getSelectedItem()));
    }

    @Override
    public void show(Live.Analysis analysis) {
        if (taken < 0) return;
        frame().show(analysis.frame, analysis.mirrored);
        if (!armed) return;
        armed = false;
        take(analysis);
    }

    private void take(Live.Analysis analysis) {
        FieldLog.Shot shot = new FieldLog.Shot();
        shot.label = engine().spec.labels.get(label.getSelectedItemPosition());
        shot.distance = FieldLog.DISTANCES[distance.getSelectedItemPosition()];
        shot.place = FieldLog.PLACES[place.getSelectedItemPosition()];
        shot.background = FieldLog.BACKGROUNDS[background.getSelectedItemPosition()];
        shot.camera = analysis.mirrored ? "front" : "back";
        shot.series = number;
        shot.at = PhoneRecord.now();
        shot.notSure = !analysis.scores.sure(engine().spec);
        shot.scores = analysis.scores.values;
        shot.predicted = engine().spec.labels.get(analysis.scores.best());
        shot.milliseconds = analysis.scores.milliseconds;
        if (keep.isChecked()) shot.picture = keepPhoto(analysis);
        try {
            log.add(shot);
        } catch (IOException | JSONException e) {
            Toast.makeText(this, R.string.problem_save, Toast.LENGTH_LONG).show();
            return;
        }
        taken++;
        String words = getString(shot.right() ? R.string.shot_right : R.string.shot_wrong, shot.predicted, Scores.percent(analysis.scores.top()));
        TextView last = findViewById(R.id.last_shot);
        last.setText(words);
        last.setTextColor(getColor(shot.right() ? R.color.right : R.color.wrong));
        if (taken >= COUNTS[count.getSelectedItemPosition()]) end();
        else showStep();
    }

    /** The photograph's number, or 0 where there is no room; the shot counts in any case. */
    private int keepPhoto(Live.Analysis analysis) {
        int number = log.nextPicture();
        int count = log.photographed(photos);
        if (photos.keep(number, analysis.seen, analysis.frame, count)) return number;
        Toast.makeText(this, getString(R.string.keep_full, count), Toast.LENGTH_LONG).show();
        return 0;
    }

    private void showTally() {
        Button withPhotos = findViewById(R.id.share_photos);
        int kept = log.photographed(photos);
        withPhotos.setText(getString(R.string.share_photos, kept));
        withPhotos.setVisibility(kept > 0 ? View.VISIBLE : View.GONE);
        List<FieldLog.Shot> shots = log.shots();
        findViewById(R.id.share).setEnabled(!shots.isEmpty());
        findViewById(R.id.clear).setEnabled(!shots.isEmpty());
        if (shots.isEmpty()) {
            tally.setText(R.string.field_none);
            return;
        }
        Map<String, Tally> groups = new LinkedHashMap<>();
        for (FieldLog.Shot shot : shots) count(groups, getString(R.string.all_shots), shot);
        for (FieldLog.Shot shot : shots) count(groups, shot.label, shot);
        for (FieldLog.Shot shot : shots) count(groups, named(FieldLog.DISTANCES, R.array.distances, shot.distance), shot);
        for (FieldLog.Shot shot : shots) count(groups, named(FieldLog.PLACES, R.array.places, shot.place), shot);
        for (FieldLog.Shot shot : shots) count(groups, named(FieldLog.BACKGROUNDS, R.array.backgrounds, shot.background), shot);
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Tally> group : groups.entrySet()) {
            Tally t = group.getValue();
            double[] interval = t.interval();
            if (text.length() > 0) text.append('\n');
            text.append(group.getKey()).append(": ");
            text.append(getString(R.string.tally, t.right, t.known, 100.0 * t.right / t.known, 100 * interval[0], 100 * interval[1]));
        }
        tally.setText(text);
    }

    private String named(String[] codes, int names, String code) {
        for (int i = 0; i < codes.length; i++) if (codes[i].equals(code)) return getResources().getStringArray(names)[i];
        return code;
    }

    private static void count(Map<String, Tally> groups, String name, FieldLog.Shot shot) {
        Tally tally = groups.get(name);
        if (tally == null) groups.put(name, tally = new Tally());
        tally.add(shot.right());
    }

    private void askClear() {
        new AlertDialog.Builder(this)
                .setMessage(R.string.clear_question)
                .setPositiveButton(R.string.clear, (dialog, which) -> clear())
                .setNegativeButton(android.R.string.cancel, null)
                .show();
    }

    private void clear() {
        photos.clear();
        try {
            log.clear();
        } catch (IOException | JSONException e) {
            Toast.makeText(this, R.string.problem_save, Toast.LENGTH_LONG).show();
        }
        ((TextView) findViewById(R.id.last_shot)).setText("");
        showTally();
    }

    private void share() {
        Export.share(this, "handlens-field-test.json", "application/json", record(null));
    }

    private void sharePhotos() {
        String record = record(photos);
        Export.share(this, "handlens-field-test.zip", "application/zip", out -> photos.zip(log, record, out));
    }

    private String record(FieldPhotos withPhotos) {
        try {
            return PhoneRecord.of(this, engine()).put("field_test", new JSONObject().put("shots", log.sent(withPhotos))).toString(1);
        } catch (JSONException e) {
            throw new IllegalStateException(e);  // only for numbers that are none, which are written as null
        }
    }
}
