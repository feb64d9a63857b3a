package app.handlens;

import android.content.Intent;
import android.os.Bundle;
import android.text.TextUtils;
import android.view.View;
import android.widget.Button;
import android.widget.TextView;
import android.widget.Toast;
import java.util.List;

/** The first screen: what the camera sees, classified as it comes. */
public final class CameraActivity extends CameraScreen {
    private static final String SHOWN_CHECK = "shown_check";
    private static final int SHOWN_LABELS = 24;

    private ScoresPanel panel;
    private Button torch;
    private Button swap;
    private Button pause;

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
        String text = getString(R.string.knows) + ": " + TextUtils.join(", ", labels.subList(0, shown));
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
        if (ready) showButtons();
    }

    @Override
    public void show(Live.Analysis analysis) {
        frame().show(analysis.frame, analysis.mirrored);
        panel.show(engine().spec, analysis.scores, analysis.hint);
    }
}
