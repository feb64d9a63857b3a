package app.handlens;

import static org.junit.Assert.assertEquals;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.content.Intent;
import android.content.res.AssetManager;
import android.hardware.camera2.CameraCharacteristics;
import android.net.Uri;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.After;
import org.junit.Before;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.GraphicsMode;

/** The frame of the tests that run the app with the resources and assets of a final signed APK. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35, qualifiers = "w411dp-h891dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
public abstract class AppTest {
    static final int BACK = CameraCharacteristics.LENS_FACING_BACK;
    static final int FRONT = CameraCharacteristics.LENS_FACING_FRONT;

    AssetManager assets;

    @Before
    public void setUp() {
        assets = Lab.app().getAssets();
        Engine.reset();
    }

    @After
    public void tearDown() {
        Engine.reset();
    }

    static byte[] take(Rgb rgb) {
        byte[] bytes = new byte[rgb.count() * 3];
        ByteBuffer from = rgb.bytes.duplicate();
        from.rewind();
        from.get(bytes);
        return bytes;
    }

    static Engine checkedEngine() throws Problem {
        SelfCheck.run(Lab.app());
        return Engine.get(Lab.app());
    }

    /** The camera's screen, with a camera that looks this way. */
    static CameraActivity camera(int facing) throws Exception {
        checkedEngine();
        Lab.addCamera("0", facing, 90);
        Lab.allowCamera();
        CameraActivity activity = Robolectric.buildActivity(CameraActivity.class).setup().get();
        Lab.idle();
        return activity;
    }

    /** A 640 x 480 frame with something in it. */
    static Lab.Frame photoFrame() {
        return photoFrame(0);
    }

    /** Another photograph for every number: the bright disc lies further to the right. */
    static Lab.Frame photoFrame(int number) {
        Lab.Frame frame = new Lab.Frame(640, 480, 32, 2, 5);
        for (int y = 0; y < 480; y++) {
            for (int x = 0; x < 640; x++) frame.y[y * 672 + x] = (byte) (60 + (x * 120 / 640) + (Math.hypot(x - 320 - 12 * number, y - 200) < 120 ? 70 : 0));
        }
        for (int y = 0; y < 240; y++) {
            for (int x = 0; x < 320; x++) {
                frame.u[y * 672 + 2 * x] = (byte) (100 + x / 8);
                frame.v[y * 672 + 2 * x] = (byte) (150 - y / 8);
            }
        }
        return frame;
    }

    /** What the share sheet would hand over, read through the app's provider as the other app would. */
    static String exported(Activity activity) throws Exception {
        return new String(exportedBytes(activity), StandardCharsets.UTF_8);
    }

    static byte[] exportedBytes(Activity activity) throws Exception {
        Intent chooser = shadowOf(activity).getNextStartedActivity();
        assertEquals(Intent.ACTION_CHOOSER, chooser.getAction());
        Intent send = chooser.getParcelableExtra(Intent.EXTRA_INTENT, Intent.class);
        Uri uri = send.getParcelableExtra(Intent.EXTRA_STREAM, Uri.class);
        assertEquals(Lab.app().getPackageName() + ".export", uri.getAuthority());
        ExportProvider provider = Robolectric.setupContentProvider(ExportProvider.class, uri.getAuthority());
        try (InputStream in = new android.os.ParcelFileDescriptor.AutoCloseInputStream(provider.openFile(uri, "r"))) {
            return Assets.readAll(in);
        }
    }
}
