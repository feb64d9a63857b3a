package app.handlens;

import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.widget.ImageButton;
import android.widget.Toast;

/** The first screen: what the camera sees, classified as it comes. */
public final class CameraActivity extends CameraScreen {
    private static final String SHOWN_CHECK = "shown_check";

    private ScoresPanel panel;
    private ImageButton torch;
    private ImageButton swap;
    private ImageButton pause;

    @Override
    int layout() {
        return R.layout.camera;
    }

    @Override
    int title() {
        return R.string.camera;
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
        findViewById(R.id.gallery).setOnClickListener(view -> go(R.id.to_gallery));
        boolean shown = saved != null && saved.getBoolean(SHOWN_CHECK);
        if (!engine().checked() && !shown) startActivity(new Intent(this, CheckActivity.class).putExtra(CheckActivity.FIRST, true));
    }

    @Override
    protected void onSaveInstanceState(Bundle saved) {
        super.onSaveInstanceState(saved);
        saved.putBoolean(SHOWN_CHECK, true);
    }

    private void toggleTorch() {
        if (!feed().hasTorch()) {
            Toast.makeText(this, R.string.no_torch, Toast.LENGTH_SHORT).show();
            return;
        }
        feed().setTorch(!feed().torch());
        torch.setContentDescription(getString(feed().torch() ? R.string.torch_off : R.string.torch_on));
        torch.setSelected(feed().torch());
    }

    private void setPaused(boolean paused) {
        live().setPaused(paused);
        pause.setImageResource(paused ? R.drawable.play : R.drawable.pause);
        pause.setContentDescription(getString(paused ? R.string.go_on : R.string.pause));
    }

    private void showButtons() {
        swap.setEnabled(feed().canSwitch());
        torch.setEnabled(feed().hasTorch());
        torch.setContentDescription(getString(R.string.torch_on));
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
