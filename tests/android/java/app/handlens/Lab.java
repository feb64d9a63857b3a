package app.handlens;

import static org.robolectric.Shadows.shadowOf;

import android.Manifest;
import android.app.Activity;
import android.app.Application;
import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.hardware.camera2.CameraCharacteristics;
import android.hardware.camera2.CameraManager;
import android.media.Image;
import android.os.Looper;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.Callable;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.shadows.ShadowCameraCharacteristics;

/** What the tests share: simulated cameras and frames, screenshots, waiting. */
final class Lab {
    private Lab() {}

    static Application app() {
        return RuntimeEnvironment.getApplication();
    }

    /** Waits for background work, running the main thread meanwhile. */
    static void await(Callable<Boolean> done) throws Exception {
        for (int i = 0; i < 3000; i++) {
            shadowOf(Looper.getMainLooper()).idle();
            if (done.call()) return;
            Thread.sleep(20);
        }
        throw new AssertionError("waited too long");
    }

    static void idle() {
        shadowOf(Looper.getMainLooper()).idle();
    }

    static void addCamera(String id, int facing, int sensorDegrees) {
        CameraCharacteristics facts = ShadowCameraCharacteristics.newCameraCharacteristics();
        shadowOf(facts).set(CameraCharacteristics.LENS_FACING, facing);
        shadowOf(facts).set(CameraCharacteristics.SENSOR_ORIENTATION, sensorDegrees);
        shadowOf(facts).set(CameraCharacteristics.FLASH_INFO_AVAILABLE, facing == CameraCharacteristics.LENS_FACING_BACK);
        shadowOf((CameraManager) app().getSystemService(Context.CAMERA_SERVICE)).addCamera(id, facts);
    }

    static void allowCamera() {
        shadowOf(app()).grantPermissions(Manifest.permission.CAMERA);
    }

    static String text(Activity activity, int id) {
        return ((TextView) activity.findViewById(id)).getText().toString();
    }

    /** Draws the whole window into a PNG file for people to look at; fails when nothing was drawn. */
    static void shoot(Activity activity, String name) throws IOException {
        idle();
        shoot(activity.getWindow().getDecorView(), name);
    }

    /** The same of any laid out view, such as a dialog's. */
    static void shoot(View decor, String name) throws IOException {
        int width = decor.getWidth();
        int height = decor.getHeight();
        Bitmap shot = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888);
        decor.draw(new Canvas(shot));
        File folder = new File(System.getProperty("handlens.out"));
        folder.mkdirs();
        try (FileOutputStream out = new FileOutputStream(new File(folder, System.getProperty("handlens.sample") + "-" + name + ".png"))) {
            shot.compress(Bitmap.CompressFormat.PNG, 100, out);
        }
        int first = shot.getPixel(0, 0);
        for (int y = 0; y < height; y += 3) {
            for (int x = 0; x < width; x += 3) if (shot.getPixel(x, y) != first) return;
        }
        throw new AssertionError(name + ": an empty screen");
    }

    /** Every view that can be pressed says what it is, and is large enough for a finger. */
    static void checkAccessible(View view, int smallest) {
        if (view.getVisibility() != View.VISIBLE) return;
        if (view.isClickable() && view.isEnabled()) {
            boolean named = view.getContentDescription() != null && view.getContentDescription().length() > 0;
            boolean words = view instanceof TextView && ((TextView) view).getText().length() > 0;
            boolean chooses = view instanceof android.widget.AdapterView;
            if (!named && !words && !chooses) throw new AssertionError("no words for a screen reader: " + view);
            if (view.getWidth() < smallest || view.getHeight() < smallest) throw new AssertionError("too small to press: " + view);
        }
        if (view instanceof ViewGroup) {
            ViewGroup group = (ViewGroup) view;
            for (int i = 0; i < group.getChildCount(); i++) checkAccessible(group.getChildAt(i), smallest);
        }
    }

    /** A camera frame with padded rows and, for pixelStride 2, interleaved chroma; planes end at their last pixel. */
    static final class Frame extends Image {
        final int width;
        final int height;
        final int pad;
        final int pixelStride;
        final byte[] y;
        final byte[] u;
        final byte[] v;
        boolean closed;

        Frame(int width, int height, int pad, int pixelStride, long seed) {
            this.width = width;
            this.height = height;
            this.pad = pad;
            this.pixelStride = pixelStride;
            y = new byte[(height - 1) * (width + pad) + width];
            int cw = (width + 1) / 2;
            int ch = (height + 1) / 2;
            int chroma = (ch - 1) * rowStride() + (cw - 1) * pixelStride + 1;
            u = new byte[chroma];
            v = new byte[chroma];
            Random random = new Random(seed);
            random.nextBytes(y);  // also the padding, which nobody may look at
            random.nextBytes(u);
            random.nextBytes(v);
        }

        int rowStride() {
            return ((width + 1) / 2) * pixelStride + pad;
        }

        /** The picture by the formulas of docs/pixels.md, section 5, written independently of the app; then turned. */
        byte[] expected(int degrees) {
            int w = degrees % 180 == 0 ? width : height;
            int h = degrees % 180 == 0 ? height : width;
            byte[] rgb = new byte[w * h * 3];
            for (int py = 0; py < h; py++) {
                for (int px = 0; px < w; px++) {
                    int x = degrees == 0 ? px : degrees == 90 ? py : degrees == 180 ? width - 1 - px : width - 1 - py;
                    int yy = degrees == 0 ? py : degrees == 90 ? height - 1 - px : degrees == 180 ? height - 1 - py : px;
                    int luma = y[yy * (width + pad) + x] & 255;
                    int at = (yy / 2) * rowStride() + (x / 2) * pixelStride;
                    int cb = (u[at] & 255) - 128;
                    int cr = (v[at] & 255) - 128;
                    int i = (py * w + px) * 3;
                    rgb[i] = clip(luma + ((91881 * cr + 32768) >> 16));
                    rgb[i + 1] = clip(luma - ((22554 * cb + 46802 * cr + 32768) >> 16));
                    rgb[i + 2] = clip(luma + ((116130 * cb + 32768) >> 16));
                }
            }
            return rgb;
        }

        private static byte clip(int value) {
            return (byte) Math.max(0, Math.min(255, value));
        }

        @Override
        public int getFormat() {
            return android.graphics.ImageFormat.YUV_420_888;
        }

        @Override
        public int getWidth() {
            return width;
        }

        @Override
        public int getHeight() {
            return height;
        }

        @Override
        public long getTimestamp() {
            return 0;
        }

        @Override
        public int getTransform() {
            return 0;
        }

        @Override
        public int getScalingMode() {
            return 0;
        }

        @Override
        public Plane[] getPlanes() {
            return new Plane[] {new Part(y, width + pad, 1), new Part(u, rowStride(), pixelStride), new Part(v, rowStride(), pixelStride)};
        }

        @Override
        public void close() {
            closed = true;
        }

        private static final class Part extends Plane {
            private final ByteBuffer buffer;
            private final int rowStride;
            private final int pixelStride;

            Part(byte[] bytes, int rowStride, int pixelStride) {
                buffer = Assets.direct(bytes);
                this.rowStride = rowStride;
                this.pixelStride = pixelStride;
            }

            @Override
            public int getRowStride() {
                return rowStride;
            }

            @Override
            public int getPixelStride() {
                return pixelStride;
            }

            @Override
            public ByteBuffer getBuffer() {
                return buffer;
            }
        }
    }
}
