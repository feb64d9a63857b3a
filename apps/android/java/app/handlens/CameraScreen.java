package app.handlens;

import android.Manifest;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.provider.Settings;
import android.view.View;
import android.widget.Button;
import android.widget.TextView;

/** A screen with the live camera: permission, life cycle, the frame, and what to say when there is none. */
abstract class CameraScreen extends Screen implements Live.Viewer {
    private static final int ASK = 1;
    private static final String ASKED = "asked";

    private CameraFeed feed;
    private Live live;
    private FrameView frame;
    private View message;
    private TextView messageText;
    private Button messageButton;
    private Button pictures;
    private boolean cameraWanted = true;
    private boolean resumed;

    /** The layout must include R.layout.frame. */
    final void startCamera() {
        frame = findViewById(R.id.frame);
        message = findViewById(R.id.message);
        messageText = findViewById(R.id.message_text);
        messageButton = findViewById(R.id.message_button);
        pictures = findViewById(R.id.message_pictures);
        pictures.setOnClickListener(view -> go(R.id.to_gallery));
        frame.setFit(engine().spec.fit);
        live = new Live(engine(), this);
        feed = new CameraFeed(this, live, () -> CameraFeed.degrees(getWindowManager().getDefaultDisplay().getRotation()));
    }

    final CameraFeed feed() {
        return feed;
    }

    final Live live() {
        return live;
    }

    final FrameView frame() {
        return frame;
    }

    /** Whether this screen shows the camera now; it does unless told otherwise. */
    final void setCameraWanted(boolean wanted) {
        cameraWanted = wanted;
        openOrSay();
    }

    /** For subclasses: whether buttons of the camera make sense. */
    void onCameraReady(boolean ready) {}

    @Override
    protected void onResume() {
        super.onResume();
        resumed = true;
        openOrSay();
    }

    @Override
    protected void onPause() {
        resumed = false;
        if (feed != null) feed.close();
        super.onPause();
    }

    @Override
    protected void onDestroy() {
        if (feed != null) feed.release();
        super.onDestroy();
    }

    private boolean allowed() {
        return checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED;
    }

    private void openOrSay() {
        if (feed == null) return;
        if (!resumed || !cameraWanted) {
            feed.close();
            return;
        }
        if (!feed.hasCamera()) {
            say(R.string.no_camera, R.string.choose_pictures, view -> go(R.id.to_gallery));
        } else if (!allowed()) {
            askFirst();
        } else {
            message.setVisibility(View.GONE);
            feed.open();
            onCameraReady(true);
        }
    }

    /** The system asks only after the user pressed the button; after a lasting refusal only its settings help. */
    private void askFirst() {
        boolean asked = getPreferences(MODE_PRIVATE).getBoolean(ASKED, false);
        boolean forGood = asked && !shouldShowRequestPermissionRationale(Manifest.permission.CAMERA);
        if (forGood) {
            say(R.string.camera_refused, R.string.open_settings, view -> startActivity(
                    new Intent(Settings.ACTION_APPLICATION_DETAILS_SETTINGS, Uri.fromParts("package", getPackageName(), null))));
        } else {
            say(asked ? R.string.camera_refused : R.string.camera_why, R.string.allow_camera,
                    view -> requestPermissions(new String[] {Manifest.permission.CAMERA}, ASK));
        }
    }

    @Override
    public void onRequestPermissionsResult(int code, String[] permissions, int[] results) {
        super.onRequestPermissionsResult(code, permissions, results);
        if (results.length == 0) return;  // the question was interrupted, not answered
        getPreferences(MODE_PRIVATE).edit().putBoolean(ASKED, true).apply();
        openOrSay();
    }

    @Override
    public final void cameraProblem(int text) {
        if (isDestroyed() || feed == null) return;
        feed.close();
        say(text, R.string.try_again, view -> openOrSay());
    }

    private void say(int text, int button, View.OnClickListener action) {
        messageText.setText(text);
        messageButton.setText(button);
        messageButton.setOnClickListener(action);
        pictures.setVisibility(button == R.string.choose_pictures ? View.GONE : View.VISIBLE);
        message.setVisibility(View.VISIBLE);
        frame.show(null, false);
        onCameraReady(false);
    }
}
