package app.handlens;

import android.graphics.ImageFormat;
import android.hardware.camera2.CameraAccessException;
import android.hardware.camera2.CameraCaptureSession;
import android.hardware.camera2.CameraDevice;
import android.hardware.camera2.CaptureRequest;
import android.media.Image;
import android.media.ImageReader;
import android.os.Handler;
import android.util.Size;
import java.util.Collections;

/** One opening of one camera, from openCamera to stop. All methods run on the camera thread, so no frame is closed in use. */
final class CameraConnection extends CameraDevice.StateCallback {
    interface Owner {
        void onImage(Image image);

        /** The connection is of no more use; the owner stops it. */
        void failed(CameraConnection connection);
    }

    private final Handler handler;
    private final Owner owner;
    private final ImageReader reader;
    private CameraDevice device;
    private CameraCaptureSession session;
    private CaptureRequest.Builder request;
    private boolean stopped;

    CameraConnection(Handler handler, Size size, Owner owner) {
        this.handler = handler;
        this.owner = owner;
        reader = ImageReader.newInstance(size.getWidth(), size.getHeight(), ImageFormat.YUV_420_888, 2);
        reader.setOnImageAvailableListener(this::onImageAvailable, handler);
    }

    private void onImageAvailable(ImageReader from) {
        if (stopped) return;
        try (Image image = from.acquireLatestImage()) {
            if (image != null) owner.onImage(image);
        }
    }

    @Override
    public void onOpened(CameraDevice opened) {
        device = opened;
        if (stopped) {
            opened.close();
            return;
        }
        try {
            request = opened.createCaptureRequest(CameraDevice.TEMPLATE_PREVIEW);
            request.addTarget(reader.getSurface());
            request.set(CaptureRequest.CONTROL_AF_MODE, CaptureRequest.CONTROL_AF_MODE_CONTINUOUS_PICTURE);
            opened.createCaptureSession(Collections.singletonList(reader.getSurface()), new Session(), handler);
        } catch (CameraAccessException | RuntimeException e) {
            owner.failed(this);
        }
    }

    @Override
    public void onDisconnected(CameraDevice gone) {
        device = gone;
        owner.failed(this);
    }

    @Override
    public void onError(CameraDevice broken, int error) {
        device = broken;
        owner.failed(this);
    }

    private final class Session extends CameraCaptureSession.StateCallback {
        @Override
        public void onConfigured(CameraCaptureSession configured) {
            session = configured;
            repeat();
        }

        @Override
        public void onConfigureFailed(CameraCaptureSession failed) {
            owner.failed(CameraConnection.this);
        }
    }

    private void repeat() {
        if (stopped || session == null) return;
        try {
            session.setRepeatingRequest(request.build(), null, handler);
        } catch (CameraAccessException | RuntimeException e) {
            owner.failed(this);
        }
    }

    void setTorch(boolean on) {
        if (request == null) return;
        request.set(CaptureRequest.FLASH_MODE, on ? CaptureRequest.FLASH_MODE_TORCH : CaptureRequest.FLASH_MODE_OFF);
        repeat();
    }

    void stop() {
        stopped = true;
        if (device != null) device.close();
        reader.close();
    }
}
