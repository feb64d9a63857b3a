package app.handlens;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.app.AlertDialog;
import android.content.Intent;
import android.graphics.Bitmap;
import android.graphics.drawable.BitmapDrawable;
import android.net.Uri;
import android.view.View;
import android.widget.CheckBox;
import android.widget.ImageView;
import android.widget.TextView;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;
import org.robolectric.Robolectric;
import org.robolectric.shadows.ShadowActivity;
import org.robolectric.shadows.ShadowDialog;
import org.robolectric.shadows.ShadowToast;

/** What is kept of pictures: saved, explained, and shared with a field test. */
public class KeptTest extends AppTest {
    @Test
    public void aHeldPictureIsSavedAsTheModelSawIt() throws Exception {
        CameraActivity activity = camera(BACK);
        assertEquals(View.GONE, activity.findViewById(R.id.held).getVisibility());
        activity.feed().onImage(photoFrame());
        Lab.idle();
        activity.findViewById(R.id.pause).performClick();
        assertEquals(View.VISIBLE, activity.findViewById(R.id.held).getVisibility());
        Lab.shoot(activity, "camera-held");
        activity.findViewById(R.id.save_picture).performClick();
        ShadowActivity.IntentForResult asked = shadowOf(activity).getNextStartedActivityForResult();
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, asked.intent.getAction());
        assertEquals("image/png", asked.intent.getType());
        String name = asked.intent.getStringExtra(Intent.EXTRA_TITLE);
        assertTrue(name, name.matches(".+-\\d{4}-\\d\\d-\\d\\d-\\d\\d-\\d\\d-\\d\\d\\.png"));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        Uri place = Uri.parse("content://documents/" + name);
        shadowOf(activity.getContentResolver()).registerOutputStream(place, file);
        shadowOf(activity).receiveResult(asked.intent, Activity.RESULT_OK, new Intent().setData(place));
        Rgb saved = Rgb.decode(file.toByteArray());
        Engine engine = Engine.get(Lab.app());
        Rgb frame = new Rgb(480, 640, Assets.direct(photoFrame().expected(90)));
        if (engine.spec.fit == Native.CROP) assertEquals(saved.width, saved.height);
        assertArrayEquals(take(engine.classifyAndKeep(frame).seen), take(engine.classifyAndKeep(saved).seen));
        assertEquals(activity.getString(R.string.picture_saved), ShadowToast.getTextOfLatestToast());
        activity.findViewById(R.id.pause).performClick();
        assertEquals(View.GONE, activity.findViewById(R.id.held).getVisibility());
    }

    @Test
    public void whyShowsWhatTheAnswerRestsOn() throws Exception {
        CameraActivity activity = camera(BACK);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        activity.findViewById(R.id.pause).performClick();
        activity.findViewById(R.id.why).performClick();
        AlertDialog dialog = (AlertDialog) ShadowDialog.getLatestDialog();
        View picture = dialog.findViewById(R.id.why_picture);
        Lab.await(() -> picture.getVisibility() == View.VISIBLE);
        String words = ((TextView) dialog.findViewById(R.id.why_words)).getText().toString();
        Engine engine = Engine.get(Lab.app());
        Rgb frame = new Rgb(480, 640, Assets.direct(photoFrame().expected(90)));
        Engine.Answer answer = engine.classifyAndKeep(frame);
        float[] drops = engine.spec.why.drops(rgb -> engine.classify(rgb).values, answer.seen, answer.scores.best(), done -> true);
        String label = engine.spec.labels.get(answer.scores.best());
        float most = Why.most(drops);
        assertEquals(most < engine.spec.why.leastDrop ? activity.getString(R.string.why_none, label)
                : activity.getString(R.string.why_how, label, Math.round(100 * most)), words);
        assertEquals(activity.getString(R.string.close), dialog.getButton(AlertDialog.BUTTON_NEGATIVE).getText().toString());
        Bitmap drawn = ((BitmapDrawable) ((ImageView) picture).getDrawable()).getBitmap();
        assertTrue(drawn.sameAs(engine.spec.why.heat(answer.seen, drops, drawn.getWidth())));
        Lab.shoot(dialog.getWindow().getDecorView(), "why");
        dialog.dismiss();
    }

    /** The kinds of a PNG's chunks, or of a JPEG's segments before its first scan. */
    private static Set<String> partsOf(byte[] file) {
        Set<String> parts = new TreeSet<>();
        if (file[0] != (byte) 0xff) {
            for (int at = 8; at < file.length; at += 12 + PlainFile.big(file, at)) parts.add(PlainFile.ascii(file, at + 4, 4));
            return parts;
        }
        for (int at = 2; (file[at + 1] & 255) != 0xda; at += 2 + ((file[at + 2] & 255) << 8) + (file[at + 3] & 255)) parts.add(Integer.toHexString(file[at + 1] & 255));
        return parts;
    }

    @Test
    public void fieldTestKeepsItsPhotographsWhenAsked() throws Exception {
        Engine engine = checkedEngine();
        Lab.addCamera("0", BACK, 90);
        Lab.allowCamera();
        FieldTestActivity activity = Robolectric.buildActivity(FieldTestActivity.class).setup().get();
        Lab.idle();
        CheckBox keep = activity.findViewById(R.id.keep);
        assertFalse(keep.isChecked());  // only the user turns it on
        assertEquals(View.GONE, activity.findViewById(R.id.share_photos).getVisibility());
        keep.setChecked(true);
        activity.findViewById(R.id.begin).performClick();
        for (int i = 0; i < 5; i++) {
            activity.findViewById(R.id.shoot).performClick();
            activity.feed().onImage(photoFrame());
            Lab.idle();
        }
        Lab.shoot(activity, "field-photographs");
        assertEquals(activity.getString(R.string.share_photos, 5), Lab.text(activity, R.id.share_photos));
        activity.findViewById(R.id.share_photos).performClick();
        Map<String, byte[]> files = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(exportedBytes(activity)))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) files.put(entry.getName(), Assets.readAll(zip));
        }
        assertEquals(11, files.size());
        JSONArray shots = new JSONObject(new String(files.get("record.json"), StandardCharsets.UTF_8)).getJSONObject("field_test").getJSONArray("shots");
        Rgb frame = new Rgb(480, 640, Assets.direct(photoFrame().expected(90)));
        byte[] expected = take(engine.classifyAndKeep(frame).seen);
        for (int i = 1; i <= 5; i++) {
            assertEquals(i, shots.getJSONObject(i - 1).getInt("picture"));
            byte[] seen = files.get("seen/00" + i + ".png");
            byte[] whole = files.get("whole/00" + i + ".jpg");
            assertArrayEquals(expected, take(Rgb.decode(seen)));
            Set<String> parts = partsOf(seen);
            parts.removeAll(Arrays.asList("IHDR", "IDAT", "IEND", "sRGB", "sBIT", "gAMA", "cHRM", "iCCP"));
            assertTrue(parts.toString(), parts.isEmpty());
            parts = partsOf(whole);
            // A colour profile at most.
            if (parts.contains("e2")) assertTrue(new String(whole, StandardCharsets.ISO_8859_1).contains("ICC_PROFILE"));
            parts.removeAll(Arrays.asList("e0", "e2", "db", "c0", "c2", "c4", "dd"));  // no EXIF, XMP, comment
            assertTrue(parts.toString(), parts.isEmpty());
            Rgb picture = Rgb.decode(whole);
            assertEquals(480, picture.width);
            assertEquals(640, picture.height);
        }
        activity.findViewById(R.id.share).performClick();
        assertFalse(new JSONObject(exported(activity)).toString().contains("\"picture\""));
        FieldPhotos photos = new FieldPhotos(Lab.app(), engine.spec);
        assertTrue(photos.has(5));
        assertFalse(photos.keep(201, frame, frame.toBitmap(), FieldPhotos.MOST));
        photos.clear();
        assertFalse(photos.has(5));
    }
}
