package app.handlens;

import android.content.Context;
import android.graphics.ImageFormat;
import android.hardware.camera2.CameraAccessException;
import android.hardware.camera2.CameraCharacteristics;
import android.hardware.camera2.CameraManager;
import android.hardware.camera2.params.StreamConfigurationMap;
import android.media.Image;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.Looper;
import android.util.Size;
import android.view.Surface;
import java.nio.ByteBuffer;
import java.util.function.IntSupplier;

/**
 * Frames of a camera as upright RGB pictures. There is no other preview: what the screen shows is the frame that was
 * converted here, so the square on it is exactly what the model gets. Methods are called on the main thread, except
 * onImage, which is the camera thread's.
 */
final class CameraFeed implements CameraConnection.Owner {
    interface Listener {
        /** On the camera's thread. `upright` is used again for the next frame. */
        void onFrame(Rgb upright, boolean mirrored);

        /** On the main thread. */
        void onCameraProblem(int text);
    }

    private final CameraManager manager;
    private final Listener listener;
    private final IntSupplier displayDegrees;
    private final Handler main = new Handler(Looper.getMainLooper());
    private final HandlerThread thread = new HandlerThread("camera");
    private final Handler handler;
    private int facing = CameraCharacteristics.LENS_FACING_BACK;
    private boolean torch;
    private boolean hasTorch;
    private CameraConnection connection;
    // Of the open camera, for the frames.
    private volatile int sensorDegrees = 90;
    private volatile boolean front;
    private Rgb raw;
    private Rgb upright;

    /** displayDegrees: by how much the screen is turned now; 0, 90, 180 or 270. */
    CameraFeed(Context context, Listener listener, IntSupplier displayDegrees) {
        manager = (CameraManager) context.getSystemService(Context.CAMERA_SERVICE);
        this.listener = listener;
        this.displayDegrees = displayDegrees;
        thread.start();
        handler = new Handler(thread.getLooper());
    }

    boolean hasCamera() {
        return find(facing) != null || find(other()) != null;
    }

    boolean canSwitch() {
        return find(facing) != null && find(other()) != null;
    }

    boolean hasTorch() {
        return hasTorch;
    }

    boolean torch() {
        return torch;
    }

    private int other() {
        return facing == CameraCharacteristics.LENS_FACING_BACK ? CameraCharacteristics.LENS_FACING_FRONT
                : CameraCharacteristics.LENS_FACING_BACK;
    }

    /** A camera that looks that way; an external one (of a Chromebook, say) counts as a back camera. */
    private String find(int wanted) {
        try {
            String external = null;
            for (String id : manager.getCameraIdList()) {
                Integer is = manager.getCameraCharacteristics(id).get(CameraCharacteristics.LENS_FACING);
                if (is != null && is == wanted) return id;
                if (is == null || is == CameraCharacteristics.LENS_FACING_EXTERNAL) external = id;
            }
            return wanted == CameraCharacteristics.LENS_FACING_BACK ? external : null;
        } catch (CameraAccessException | RuntimeException e) {
            return null;
        }
    }

    /** Needs the camera permission. Calling it again while open does nothing. */
    void open() {
        if (connection != null) return;
        String id = find(facing);
        if (id == null) {
            facing = other();
            id = find(facing);
        }
        if (id == null) {
            listener.onCameraProblem(R.string.no_camera);
            return;
        }
        try {
            CameraCharacteristics facts = manager.getCameraCharacteristics(id);
            Integer degrees = facts.get(CameraCharacteristics.SENSOR_ORIENTATION);
            sensorDegrees = degrees == null ? 90 : degrees;
            front = facing == CameraCharacteristics.LENS_FACING_FRONT;
            hasTorch = Boolean.TRUE.equals(facts.get(CameraCharacteristics.FLASH_INFO_AVAILABLE));
            Size size = frameSize(facts.get(CameraCharacteristics.SCALER_STREAM_CONFIGURATION_MAP));
            CameraConnection opening = new CameraConnection(handler, size, this);
            connection = opening;
            manager.openCamera(id, opening, handler);
        } catch (CameraAccessException | SecurityException | IllegalArgumentException e) {
            failed(connection);
        }
    }

    /** The size nearest to the paper's 640 x 480 frame in pixels, 4:3 before others. */
    static Size frameSize(StreamConfigurationMap map) {
        Size[] sizes = map == null ? null : map.getOutputSizes(ImageFormat.YUV_420_888);
        Size best = new Size(640, 480);
        long bestCost = Long.MAX_VALUE;
        for (Size size : sizes == null ? new Size[0] : sizes) {
            long w = size.getWidth();
            long h = size.getHeight();
            long cost = Math.abs(w * h - 640 * 480) + (w * 3 == h * 4 ? 0 : 1_000_000);
            if (cost < bestCost) {
                bestCost = cost;
                best = size;
            }
        }
        return best;
    }

    @Override
    public void failed(CameraConnection broken) {
        main.post(() -> {
            if (broken != connection) return;  // closed meanwhile
            close();
            listener.onCameraProblem(R.string.camera_busy);
        });
    }

    void setTorch(boolean on) {
        torch = on;
        CameraConnection current = connection;
        if (current != null && hasTorch) handler.post(() -> current.setTorch(on));
    }

    void switchCamera() {
        boolean open = connection != null;
        close();
        facing = other();
        if (open) open();
    }

    void close() {
        torch = false;
        hasTorch = false;
        CameraConnection last = connection;
        connection = null;
        if (last != null) handler.post(last::stop);
    }

    /** Closes for ever. */
    void release() {
        close();
        thread.quitSafely();
    }

    /** Converts a frame and turns it upright on the screen as it is held now; never mirrored. */
    @Override
    public void onImage(Image image) {
        Image.Plane[] planes = image.getPlanes();
        int width = image.getWidth();
        int height = image.getHeight();
        if (raw == null || raw.width != width || raw.height != height) raw = Rgb.empty(width, height);
        int[] layout = {planes[0].getRowStride(), planes[0].getPixelStride(), planes[1].getRowStride(), planes[1].getPixelStride(), width, height};
        ByteBuffer y = planes[0].getBuffer();
        if (Native.yuvToRgb(y, planes[1].getBuffer(), planes[2].getBuffer(), layout, raw.bytes) != 0) return;
        boolean mirrored = front;
        upright = raw.rotated(turn(sensorDegrees, displayDegrees.getAsInt(), mirrored), upright);
        listener.onFrame(upright, mirrored);
    }

    /** Clockwise degrees from the sensor's picture to one upright on the screen (CameraCharacteristics.SENSOR_ORIENTATION). */
    static int turn(int sensorDegrees, int displayDegrees, boolean front) {
        return (front ? sensorDegrees + displayDegrees : sensorDegrees - displayDegrees + 360) % 360;
    }

    /** Display.getRotation as degrees. */
    static int degrees(int rotation) {
        return rotation == Surface.ROTATION_90 ? 90 : rotation == Surface.ROTATION_180 ? 180 : rotation == Surface.ROTATION_270 ? 270 : 0;
    }
}
