package app.handlens;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.net.Uri;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.Test;
import org.robolectric.Robolectric;

/** That the app sees and scores as the computer: its own code, the assets of the final signed APK, the real TensorFlow Lite. */
public class ProofTest extends AppTest {
    @Test
    public void goldenVectorsDifferInNoByte() throws Exception {
        Golden golden = Golden.run(assets);
        System.out.println("golden: " + golden.count + " vectors, " + golden.equal + " equal, " + golden.differingBytes
                + " differing bytes, JPEG within " + golden.largestDifference);
        assertEquals(Arrays.asList(), golden.failed);
        assertEquals(208, golden.count);
        assertEquals(0, golden.differingBytes);
    }

    @Test
    public void aPixelOffByOneWouldBeNoticed() throws Exception {
        Lab.Frame frame = new Lab.Frame(6, 4, 2, 2, 1);
        byte[] right = frame.expected(0);
        frame.y[0] = (byte) (frame.y[0] ^ 1);
        assertFalse(Arrays.equals(right, frame.expected(0)));
    }

    @Test
    public void heldOutScoresEqualTheComputers() throws Exception {
        SelfCheck check = SelfCheck.run(Lab.app());
        assertTrue(check.modelIntact);
        assertTrue(check.rows.size() >= 8);
        boolean isFloat = Engine.get(Lab.app()).inputType().equals("float32");
        float bound = isFloat ? 1e-5f : 1.01f / 256;
        float[] largest = new float[2];
        int flips = 0;
        for (SelfCheck.Row row : check.rows) {
            assertTrue(row.file, row.sameInput);
            float[][] here = {row.builtin, row.xnnpack};
            float[][] computer = {row.computer, row.computerXnnpack};
            for (int i = 0; i < 2; i++) {
                largest[i] = Math.max(largest[i], SelfCheck.largestDifference(here[i], computer[i]));
                if (new Scores(here[i], 0).best() != new Scores(computer[i], 0).best()) flips++;
            }
        }
        System.out.println("held-out: " + check.rows.size() + " pictures; largest difference " + largest[0] + ", XNNPACK " + largest[1]
                + "; label flips " + flips);
        assertTrue("differs by " + largest[0], largest[0] <= bound);
        assertTrue("XNNPACK differs by " + largest[1], largest[1] <= bound);
        assertEquals(0, flips);
        assertTrue(check.passed());
        assertTrue(check.delegateAgrees);
        assertEquals(Engine.XNNPACK, Engine.get(Lab.app()).path());
    }

    /** Against src/verify/routes/occlusion.cc, by tests/phones/why_map.cc; -Dhandlens.why names its files, .json and .png. */
    @Test
    public void whyMapEqualsVerifys() throws Exception {
        Engine engine = checkedEngine();
        Rgb picture = Rgb.decode(java.nio.file.Files.readAllBytes(java.nio.file.Paths.get(System.getProperty("handlens.why") + ".png")));
        float[] drops = engine.spec.why.drops(rgb -> engine.classify(rgb).values, picture, 0, done -> true);
        org.json.JSONArray program = new org.json.JSONArray(new String(java.nio.file.Files.readAllBytes(java.nio.file.Paths.get(System.getProperty("handlens.why") + ".json")),
                java.nio.charset.StandardCharsets.UTF_8));
        assertEquals(49, program.length());
        assertEquals(49, drops.length);
        boolean isFloat = engine.inputType().equals("float32");
        double largest = 0;
        double change = 0;
        for (int i = 0; i < drops.length; i++) {
            largest = Math.max(largest, Math.abs(drops[i] - program.getDouble(i)));
            change = Math.max(change, Math.abs(program.getDouble(i)));
        }
        System.out.println("held-out: map of why, largest difference " + largest + " where covering changes " + change);
        assertTrue("differs by " + largest, largest <= (isFloat ? 1e-5 : 2.01 / 256));
        // One of 200 quantized scores may stay where it is.
        assertTrue("covering changes nothing", !isFloat || change > 0);
        assertTrue(engine.spec.why.drops(rgb -> engine.classify(rgb).values, picture, 0, done -> done < 3) == null);
    }

    @Test
    public void aDelegateThatDisagreesIsNoticed() {
        float[] builtin = {0.6f, 0.4f};
        assertTrue(SelfCheck.agree(new float[] {0.61f, 0.39f}, builtin, SelfCheck.DELEGATE_TOLERANCE));
        assertFalse(SelfCheck.agree(new float[] {0.63f, 0.37f}, builtin, SelfCheck.DELEGATE_TOLERANCE));
        assertFalse(SelfCheck.agree(new float[] {Float.NaN, 0.4f}, builtin, SelfCheck.DELEGATE_TOLERANCE));
        assertFalse(SelfCheck.agree(new float[] {0.49f, 0.51f}, new float[] {0.508f, 0.492f}, 0.015f));
    }

    @Test
    public void aDelegateThatWasRefusedIsNotUsedAtTheNextStart() throws Exception {
        Engine engine = checkedEngine();
        engine.choose(Engine.BUILTIN, true);
        Engine.reset();
        assertTrue(Engine.get(Lab.app()).checked());
        assertEquals(Engine.BUILTIN, Engine.get(Lab.app()).path());
    }

    @Test
    public void cameraFramesAreUprightInAllRotations() throws Exception {
        int[][] sizes = {{64, 48, 0, 1}, {50, 38, 14, 2}, {33, 21, 7, 2}};
        int frames = 0;
        for (int facing : new int[] {BACK, FRONT}) {
            for (int sensor : new int[] {0, 90, 180, 270}) {
                for (int display : new int[] {0, 90, 180, 270}) {
                    int turn = facing == FRONT ? (sensor + display) % 360 : (sensor - display + 360) % 360;
                    assertEquals(turn, CameraFeed.turn(sensor, display, facing == FRONT));
                    for (int[] s : sizes) {
                        frames += compareFrame(new Lab.Frame(s[0], s[1], s[2], s[3], frames), facing, sensor, display, turn);
                    }
                }
            }
        }
        assertEquals(96, frames);
    }

    private int compareFrame(Lab.Frame frame, int facing, int sensor, int display, int turn) throws Exception {
        org.robolectric.shadows.ShadowCameraManager manager = shadowOf((android.hardware.camera2.CameraManager)
                Lab.app().getSystemService(android.content.Context.CAMERA_SERVICE));
        Lab.addCamera("0", facing, sensor);
        Lab.allowCamera();
        List<byte[]> got = new ArrayList<>();
        CameraFeed feed = new CameraFeed(Lab.app(), new CameraFeed.Listener() {
            @Override
            public void onFrame(Rgb upright, boolean mirrored) {
                assertEquals(facing == FRONT, mirrored);
                assertEquals(turn % 180 == 0 ? frame.width : frame.height, upright.width);
                got.add(take(upright));
            }

            @Override
            public void onCameraProblem(int text) {
                throw new AssertionError("camera problem");
            }
        }, () -> display);
        feed.open();
        feed.onImage(frame);
        feed.release();
        manager.removeCamera("0");
        assertArrayEquals(frame.expected(turn), got.get(0));
        return 1;
    }

    @Test
    public void theSquareIsTheContractsCrop() {
        assertEquals(new android.graphics.RectF(0, 80, 480, 560), FrameView.seenPart(480, 640, Native.CROP));
        assertEquals(new android.graphics.RectF(80, 0, 560, 480), FrameView.seenPart(640, 480, Native.CROP));
        assertEquals(new android.graphics.RectF(2, 0, 8, 6), FrameView.seenPart(11, 6, Native.CROP));
        assertEquals(new android.graphics.RectF(0, 0, 11, 6), FrameView.seenPart(11, 6, Native.LETTERBOX));
    }

    @Test(expected = java.io.FileNotFoundException.class)
    public void theProviderServesNothingElse() throws Exception {
        ExportProvider provider = Robolectric.setupContentProvider(ExportProvider.class, "x.export");
        provider.openFile(Uri.parse("content://x.export/..%2F..%2Fshared_prefs%2Fengine.xml"), "r");
    }

    @Test
    public void exifOrientationIsApplied() throws Exception {
        Rgb stored = Rgb.decode(Assets.bytes(assets, "golden/orientation_1.png"));
        int[][] turns = {{3, 180}, {6, 90}, {8, 270}};
        for (int[] turn : turns) {
            Rgb rgb = Rgb.decode(Assets.bytes(assets, "golden/orientation_" + turn[0] + ".png"));
            assertArrayEquals("orientation " + turn[0], take(stored.rotated(turn[1], null)), take(rgb));
        }
    }

    @Test
    public void theParentFolderIsReadFromDocumentIds() {
        assertEquals("cat", GalleryWork.parentFolder(Uri.parse("content://x/document/primary%3APictures%2Fcat%2F1.jpg")));
        assertEquals("cat", GalleryWork.parentFolder(Uri.parse("file:///sdcard/cat/1.jpg")));
        assertEquals(null, GalleryWork.parentFolder(Uri.parse("content://media/12")));
    }

    @Test
    public void theTallysIntervalIsWilsons() {
        Tally tally = new Tally();
        for (int i = 0; i < 10; i++) tally.add(i < 8);
        assertEquals(0.4902, tally.interval()[0], 1e-4);
        assertEquals(0.9433, tally.interval()[1], 1e-4);
    }

    @Test
    public void csvCellsAreQuotedWhereNeeded() {
        assertEquals("\"a,\"\"b\"\"\"", Tally.cell("a,\"b\""));
        assertEquals("plain", Tally.cell("plain"));
        assertEquals("", Tally.cell(""));
        assertEquals("\"'=HYPERLINK(\"\"x\"\")\"", Tally.cell("=HYPERLINK(\"x\")"));
        assertEquals("'@a", Tally.cell("@a"));
    }
}
