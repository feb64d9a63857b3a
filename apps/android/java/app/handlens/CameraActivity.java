package app.handlens;

import android.content.ActivityNotFoundException;
import android.content.Intent;
import android.graphics.Bitmap;
import android.graphics.RectF;
import android.os.Bundle;
import android.text.TextUtils;
import android.view.View;
import android.widget.Button;
import android.widget.TextView;
import android.widget.Toast;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;

/** The first screen: what the camera sees, classified as it comes. */
public final class CameraActivity extends CameraScreen {
    private static final String SHOWN_CHECK = "shown_check";
    private static final int SHOWN_LABELS = 24;
    private static final int SAVE = 2;

    private ScoresPanel panel;
    private Button torch;
    private Button swap;
    private Button pause;
    private View held;               // what can be done with a picture that is held
    private Live.Analysis last;      // the picture on the screen
    private byte[] toSave;           // while the user chooses a place for it

    @Override
    int layout() {
        return R.layout.camera;
    }

    @Override
    int title() {
        return R.string.camera;
    }

    @Override
    int tab() {
        return R.id.to_camera;
    }

    @Override
    void start(Bundle saved) {
        panel = findViewById(R.id.scores);
        torch = findViewById(R.id.torch);
        swap = findViewById(R.id.swap);
        pause = findViewById(R.id.pause);
        held = findViewById(R.id.held);
        findViewById(R.id.save_picture).setOnClickListener(view -> save());
        findViewById(R.id.why).setOnClickListener(view -> WhyDialog.show(this, engine(), last.seen, last.scores));
        findViewById(R.id.why).setVisibility(engine().spec.why == null ? View.GONE : View.VISIBLE);
        startCamera();
        frame().setOnClickListener(view -> setPaused(!live().paused()));
        pause.setOnClickListener(view -> setPaused(!live().paused()));
        torch.setOnClickListener(view -> toggleTorch());
        swap.setOnClickListener(view -> {
            feed().switchCamera();
            setPaused(false);
            showButtons();
        });
        ((TextView) findViewById(R.id.knows)).setText(knows(engine().spec.labels));
        Examples.show(this, engine().spec, SHOWN_LABELS);
        boolean shown = saved != null && saved.getBoolean(SHOWN_CHECK);
        if (!engine().checked() && !shown) startActivity(new Intent(this, CheckActivity.class).putExtra(CheckActivity.FIRST, true));
    }

    @Override
    protected void onSaveInstanceState(Bundle saved) {
        super.onSaveInstanceState(saved);
        saved.putBoolean(SHOWN_CHECK, true);
    }

    /** "I know: ash, beech, ..."; of very many classes the first, and how many more. */
    private String knows(List<String> labels) {
        int shown = Math.min(SHOWN_LABELS, labels.size());
        String text = getString(R.string.knows) + " " + TextUtils.join(", ", labels.subList(0, shown));
        return shown == labels.size() ? text : text + " " + getString(R.string.knows_more, labels.size() - shown);
    }

    private void toggleTorch() {
        if (!feed().hasTorch()) {
            Toast.makeText(this, R.string.no_torch, Toast.LENGTH_SHORT).show();
            return;
        }
        feed().setTorch(!feed().torch());
        torch.setText(feed().torch() ? R.string.torch_off : R.string.torch_on);
        torch.setSelected(feed().torch());
    }

    private void setPaused(boolean paused) {
        live().setPaused(paused);
        pause.setCompoundDrawablesRelativeWithIntrinsicBounds(0, paused ? R.drawable.play : R.drawable.camera, 0, 0);
        pause.setText(paused ? R.string.go_on : R.string.pause);
        held.setVisibility(paused && last != null ? View.VISIBLE : View.GONE);
    }

    /** What the model's square showed, as a file where the user wants it; lossless, so that the model sees the same in it again. */
    private void save() {
        RectF box = FrameView.seenPart(last.frame.getWidth(), last.frame.getHeight(), engine().spec.fit);
        Bitmap square = Bitmap.createBitmap(last.frame, (int) box.left, (int) box.top, (int) box.width(), (int) box.height());
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        square.compress(Bitmap.CompressFormat.PNG, 100, png);
        toSave = png.toByteArray();
        String name = fileName(PhoneRecord.now());
        try {
            startActivityForResult(new Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("image/png").putExtra(Intent.EXTRA_TITLE, name), SAVE);
        } catch (ActivityNotFoundException none) {
            Toast.makeText(this, R.string.problem_save, Toast.LENGTH_LONG).show();
        }
    }

    /** "oak-2026-11-27-21-30-00.png", as the web app calls it. */
    private String fileName(String now) {
        Spec spec = engine().spec;
        String head = last.scores.refers(spec) ? getString(R.string.refer)
                : last.scores.sure(spec) ? spec.labels.get(last.scores.best()) : getString(R.string.not_sure);
        String slug = head.replaceAll("[^\\p{L}\\p{N}]+", "-").replaceAll("^-|-$", "").toLowerCase(Locale.ROOT);
        return (slug.isEmpty() ? "handlens" : slug) + "-" + now.substring(0, 19).replaceAll("[:T]", "-") + ".png";
    }

    @Override
    protected void onActivityResult(int code, int result, Intent data) {
        super.onActivityResult(code, result, data);
        if (code != SAVE || result != RESULT_OK || data == null || data.getData() == null || toSave == null) return;
        int words = R.string.picture_saved;
        try (OutputStream out = getContentResolver().openOutputStream(data.getData())) {
            if (out == null) throw new IOException();
            out.write(toSave);
        } catch (IOException | SecurityException e) {
            words = R.string.problem_save;
        }
        toSave = null;
        Toast.makeText(this, words, Toast.LENGTH_LONG).show();
    }

    private void showButtons() {
        swap.setEnabled(feed().canSwitch());
        torch.setEnabled(feed().hasTorch());
        torch.setText(R.string.torch_on);
        torch.setSelected(false);
    }

    @Override
    void onCameraReady(boolean ready) {
        int visible = ready ? View.VISIBLE : View.GONE;
        torch.setVisibility(visible);
        swap.setVisibility(visible);
        pause.setVisibility(visible);
        panel.setVisibility(visible);
        if (!ready) held.setVisibility(View.GONE);
        if (ready) showButtons();
    }

    @Override
    public void show(Live.Analysis analysis) {
        last = analysis;
        frame().show(analysis.frame, analysis.mirrored);
        panel.show(engine().spec, analysis.scores, analysis.hint);
    }
}
