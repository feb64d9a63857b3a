package app.handlens;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.content.Intent;
import android.graphics.Bitmap;
import android.graphics.drawable.BitmapDrawable;
import android.net.Uri;
import android.view.View;
import android.view.ViewGroup;
import android.widget.FrameLayout;
import android.widget.ImageView;
import android.widget.ListView;
import android.widget.Spinner;
import android.widget.TextView;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONObject;
import org.junit.Test;
import org.robolectric.Robolectric;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;

/** The screens: the app's own code with the resources and assets of the final signed APK, drawn and pressed. */
public class ScreenTest extends AppTest {
    @Test
    public void cameraScreenShowsTheAnswerOfTheFrame() throws Exception {
        CameraActivity activity = camera(BACK);
        Lab.Frame frame = photoFrame();
        activity.feed().onImage(frame);
        Lab.idle();
        Rgb upright = new Rgb(480, 640, Assets.direct(frame.expected(90)));
        Engine engine = Engine.get(Lab.app());
        Scores scores = engine.classify(upright);
        String expected = scores.sure(engine.spec) ? engine.spec.labels.get(scores.best()) : activity.getString(R.string.not_sure);
        assertEquals(expected, Lab.text(activity, R.id.label));
        int lines = Lab.text(activity, R.id.others).split("\n").length;
        assertEquals(Math.min(3, engine.spec.labels.size()), lines);
        assertEquals(View.GONE, activity.findViewById(R.id.message).getVisibility());
        Lab.shoot(activity, "camera");
    }

    @Test
    public void aPictureOfEachClassIsShownOnlyWhereTheAppHasThem() throws Exception {
        CameraActivity activity = camera(BACK);
        JSONArray files = new JSONObject(Assets.text(assets, "bundle/app.json")).optJSONArray("examples");
        ViewGroup row = activity.findViewById(R.id.example_row);
        List<String> names = new ArrayList<>(), expected = new ArrayList<>();
        Spec spec = Engine.get(Lab.app()).spec;
        for (int i = 0; files != null && i < files.length(); i++) if (!files.isNull(i)) expected.add(spec.labels.get(i));
        for (int i = 0; i < row.getChildCount(); i++) {
            names.add(((TextView) row.getChildAt(i).findViewById(R.id.example_name)).getText().toString());
            Bitmap picture = ((BitmapDrawable) ((ImageView) row.getChildAt(i).findViewById(R.id.example_picture)).getDrawable()).getBitmap();
            assertEquals(spec.size, picture.getWidth());
            assertEquals(spec.size, picture.getHeight());
        }
        assertEquals(expected, names);
        assertEquals(System.getProperty("handlens.sample").equals("float"), !names.isEmpty());
        assertEquals(names.isEmpty() ? View.GONE : View.VISIBLE, activity.findViewById(R.id.examples).getVisibility());
        if (!names.isEmpty()) Lab.shoot(activity, "camera-examples");
    }

    @Test
    public void whatIsNotSureNamesTheClassesThatArePossible() throws Exception {
        CameraActivity activity = camera(BACK);
        JSONObject app = new JSONObject(Assets.text(assets, "bundle/app.json"));
        app.getJSONObject("preprocess").put("not_sure_below", 0.9).put("answering", new JSONObject().put("sets", new JSONObject().put("from", 0.25)));
        Spec spec = Spec.parse(app.toString());
        ScoresPanel panel = activity.findViewById(R.id.scores);
        float[] values = new float[spec.labels.size()];
        values[0] = 0.4f;
        values[1] = 0.5f;
        panel.show(spec, new Scores(values, 1), 0);
        assertEquals(activity.getString(R.string.not_sure), Lab.text(activity, R.id.label));
        String both = spec.labels.get(1) + " / " + spec.labels.get(0);
        assertEquals(activity.getString(R.string.perhaps, both), Lab.text(activity, R.id.confidence));
        GalleryItem item = new GalleryItem();
        item.scores = new Scores(values, 1);
        View row = new GalleryAdapter(activity, spec, List.of(item), chosen -> { }, chosen -> { }).getView(0, null, new FrameLayout(activity));
        assertEquals(activity.getString(R.string.not_sure) + ": " + activity.getString(R.string.perhaps, both),
                ((TextView) row.findViewById(R.id.answer)).getText().toString());
        values[0] = 0.2f;
        panel.show(spec, new Scores(values, 1), 0);
        assertEquals(activity.getString(R.string.confidence_unsure, Scores.percent(0.5f), spec.labels.get(1)), Lab.text(activity, R.id.confidence));
    }

    @Test
    public void aClassThatMustNotBeMissedIsReferredWhateverScoresHighest() throws Exception {
        CameraActivity activity = camera(BACK);
        JSONObject app = new JSONObject(Assets.text(assets, "bundle/app.json"));
        int last = app.getJSONObject("preprocess").getJSONArray("labels").length() - 1;
        app.getJSONObject("preprocess").put("refer", new JSONObject().put("class", last).put("from", 0.2));
        Spec spec = Spec.parse(app.toString());
        float[] values = new float[last + 1];
        values[0] = 1;   // sure, whatever the sample's threshold
        ScoresPanel panel = activity.findViewById(R.id.scores);
        values[last] = 0.19f;
        panel.show(spec, new Scores(values, 1), 0);
        assertEquals(spec.labels.get(0), Lab.text(activity, R.id.label));
        values[last] = 0.21f;
        panel.show(spec, new Scores(values, 1), 0);
        assertEquals(activity.getString(R.string.refer), Lab.text(activity, R.id.label));
        assertEquals(activity.getString(R.string.refer_possibly, spec.labels.get(last), Scores.percent(0.21f)), Lab.text(activity, R.id.confidence));
        app.getJSONObject("preprocess").put("refer", new JSONObject().put("class", last + 1).put("from", 0.2));
        Problem refused = null;
        try {
            Spec.parse(app.toString());
        } catch (Problem problem) {
            refused = problem;
        }
        assertTrue(refused != null);
    }

    @Test
    public void pauseKeepsThePicture() throws Exception {
        CameraActivity activity = camera(FRONT);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        activity.findViewById(R.id.frame).performClick();
        String before = Lab.text(activity, R.id.others);
        activity.feed().onImage(new Lab.Frame(640, 480, 0, 1, 77));
        Lab.idle();
        assertEquals(before, Lab.text(activity, R.id.others));
        assertEquals(activity.getString(R.string.go_on), Lab.text(activity, R.id.pause));
    }

    @Test
    public void refusedPermissionIsExplainedAndTheGalleryStaysOpen() throws Exception {
        checkedEngine();
        Lab.addCamera("0", BACK, 90);
        CameraActivity activity = Robolectric.buildActivity(CameraActivity.class).setup().get();
        Lab.idle();
        assertEquals(activity.getString(R.string.camera_why), Lab.text(activity, R.id.message_text));
        activity.onRequestPermissionsResult(1, new String[] {android.Manifest.permission.CAMERA}, new int[] {-1});
        Lab.idle();
        assertEquals(activity.getString(R.string.camera_refused), Lab.text(activity, R.id.message_text));
        assertEquals(activity.getString(R.string.open_settings), Lab.text(activity, R.id.message_button));
        activity.findViewById(R.id.message_button).performClick();
        assertEquals(android.provider.Settings.ACTION_APPLICATION_DETAILS_SETTINGS, shadowOf(activity).getNextStartedActivity().getAction());
        assertEquals(View.VISIBLE, activity.findViewById(R.id.message_pictures).getVisibility());
        activity.findViewById(R.id.message_pictures).performClick();
        assertEquals(GalleryActivity.class.getName(), shadowOf(activity).getNextStartedActivity().getComponent().getClassName());
        Lab.shoot(activity, "refused");
    }

    @Test
    public void noCameraIsSaid() throws Exception {
        checkedEngine();
        CameraActivity activity = Robolectric.buildActivity(CameraActivity.class).setup().get();
        Lab.idle();
        assertEquals(activity.getString(R.string.no_camera), Lab.text(activity, R.id.message_text));
        activity.findViewById(R.id.message_button).performClick();
        assertEquals(GalleryActivity.class.getName(), shadowOf(activity).getNextStartedActivity().getComponent().getClassName());
    }

    @Test
    public void rotationAndBackgroundKeepTheScreenAlive() throws Exception {
        checkedEngine();
        Lab.addCamera("0", BACK, 90);
        Lab.allowCamera();
        ActivityController<CameraActivity> controller = Robolectric.buildActivity(CameraActivity.class).setup();
        controller.pause().stop();
        Lab.idle();
        controller.restart().start().resume().visible();
        RuntimeEnvironment.setQualifiers("+land");
        controller.configurationChange();
        Lab.idle();
        controller.get().feed().onImage(photoFrame());
        Lab.idle();
        assertTrue(Lab.text(controller.get(), R.id.label).length() > 0);
        Lab.shoot(controller.get(), "camera-land");
        controller.pause().stop().destroy();
    }

    @Test
    public void theFirstStartRunsTheSelfCheck() throws Exception {
        CameraActivity activity = Robolectric.buildActivity(CameraActivity.class).setup().get();
        Intent started = shadowOf(activity).getNextStartedActivity();
        assertEquals(CheckActivity.class.getName(), started.getComponent().getClassName());
        assertTrue(started.getBooleanExtra(CheckActivity.FIRST, false));
    }

    @Test
    public void selfCheckScreenIsGreenAndExports() throws Exception {
        CheckActivity activity = Robolectric.buildActivity(CheckActivity.class, new Intent().putExtra(CheckActivity.FIRST, true)).setup().get();
        Lab.await(() -> activity.result() != null);
        assertEquals(activity.getString(R.string.check_passed), Lab.text(activity, R.id.summary));
        Lab.shoot(activity, "check");
        activity.findViewById(R.id.share).performClick();
        JSONObject record = new JSONObject(exported(activity));
        assertEquals("handlens-phone", record.getString("format"));
        assertEquals(1, record.getInt("version"));
        assertTrue(record.getJSONObject("self_check").getBoolean("ok"));
        assertTrue(record.getJSONObject("phone").getInt("sdk") > 0);
        assertEquals(Lab.app().getPackageName(), record.getJSONObject("app").getString("id"));
        assertEquals(activity.result().rows.size(), record.getJSONObject("self_check").getJSONArray("pictures").length());
    }

    @Test
    public void selfCheckSaysWhenTheModelMissedChecksOnTheComputer() throws Exception {
        CheckActivity activity = Robolectric.buildActivity(CheckActivity.class).setup().get();
        Lab.await(() -> activity.result() != null);
        assertEquals(activity.getString(R.string.check_passed), Lab.text(activity, R.id.summary));
        View first = ((ViewGroup) activity.findViewById(R.id.rows)).getChildAt(0);
        String title = ((TextView) first.findViewById(R.id.row_title)).getText().toString();
        boolean missed = System.getProperty("handlens.sample").equals("uint8");
        assertEquals(activity.getString(missed ? R.string.verdict_missed : R.string.check_pixels, 11, 13), title);
        if (missed) Lab.shoot(activity, "check-missed");
    }

    private static Uri offer(String address, byte[] bytes) {
        Uri uri = Uri.parse(address);
        shadowOf(Lab.app().getContentResolver()).registerInputStreamSupplier(uri, () -> new ByteArrayInputStream(bytes));
        return uri;
    }

    @Test
    public void galleryListsTalliesAndExports() throws Exception {
        Engine engine = checkedEngine();
        JSONArray pictures = new JSONObject(Assets.text(assets, "bundle/check/check.json")).getJSONArray("pictures");
        GalleryActivity activity = Robolectric.buildActivity(GalleryActivity.class).setup().get();
        activity.findViewById(R.id.pick).performClick();
        Intent asked = shadowOf(activity).getNextStartedActivityForResult().intent;
        assertTrue(asked.getBooleanExtra(Intent.EXTRA_ALLOW_MULTIPLE, false));
        android.content.ClipData clip = null;
        int right = 0;
        for (int i = 0; i < pictures.length(); i++) {
            JSONObject picture = pictures.getJSONObject(i);
            byte[] bytes = Assets.bytes(assets, "bundle/check/" + picture.getString("file"));
            String label = engine.spec.labels.get(i % engine.spec.labels.size());
            Uri uri = offer("content://media/document/primary%3APictures%2F" + Uri.encode(label) + "%2F" + i + ".jpg", bytes);
            if (clip == null) clip = android.content.ClipData.newRawUri("", uri);
            else clip.addItem(new android.content.ClipData.Item(uri));
            if (engine.classify(Rgb.decode(bytes)).best() == i % engine.spec.labels.size()) right++;
        }
        clip.addItem(new android.content.ClipData.Item(offer("content://media/broken.jpg", new byte[] {1, 2, 3})));
        Intent data = new Intent();
        data.setClipData(clip);
        shadowOf(activity).receiveResult(asked, Activity.RESULT_OK, data);
        ListView list = activity.findViewById(R.id.list);
        int all = pictures.length() + 1;
        Lab.await(() -> list.getAdapter().getCount() == all);
        Tally tally = Tally.of(itemsOf(list));
        assertEquals(pictures.length(), tally.known);
        assertEquals(right, tally.right);
        Lab.shoot(activity, "gallery");
        activity.findViewById(R.id.share).performClick();
        String[] lines = exported(activity).split("\r\n");
        assertEquals(all + 1, lines.length);
        assertTrue(lines[all].contains(activity.getString(R.string.problem_not_a_picture)));
        activity.onTrimMemory(android.content.ComponentCallbacks2.TRIM_MEMORY_RUNNING_CRITICAL);
        Lab.idle();
        assertEquals(all, list.getAdapter().getCount());
    }

    @Test
    public void galleryAnswersSurviveTheSystemsMemory() throws Exception {
        Engine engine = checkedEngine();
        ActivityController<GalleryActivity> controller = Robolectric.buildActivity(GalleryActivity.class).setup();
        GalleryActivity activity = controller.get();
        String file = new JSONObject(Assets.text(assets, "bundle/check/check.json")).getJSONArray("pictures").getJSONObject(0).getString("file");
        Uri good = offer("content://media/document/primary%3APictures%2F" + Uri.encode(engine.spec.labels.get(1)) + "%2F1.jpg",
                Assets.bytes(assets, "bundle/check/" + file));
        activity.findViewById(R.id.pick).performClick();
        Intent data = new Intent();
        data.setClipData(android.content.ClipData.newRawUri("", good));
        data.getClipData().addItem(new android.content.ClipData.Item(offer("content://media/broken.jpg", new byte[] {1, 2, 3})));
        shadowOf(activity).receiveResult(shadowOf(activity).getNextStartedActivityForResult().intent, Activity.RESULT_OK, data);
        ListView list = activity.findViewById(R.id.list);
        Lab.await(() -> list.getAdapter().getCount() == 2);
        List<GalleryItem> before = itemsOf(list);
        android.os.Bundle state = new android.os.Bundle();
        controller.saveInstanceState(state).pause().stop().destroy();
        Engine.reset();
        GalleryActivity again = Robolectric.buildActivity(GalleryActivity.class).setup(state).get();
        List<GalleryItem> after = itemsOf(again.findViewById(R.id.list));
        assertEquals(2, after.size());
        for (int i = 0; i < 2; i++) {
            assertEquals(before.get(i).name, after.get(i).name);
            assertEquals(before.get(i).truth, after.get(i).truth);
            assertEquals(before.get(i).problem, after.get(i).problem);
        }
        org.junit.Assert.assertArrayEquals(before.get(0).scores.values, after.get(0).scores.values, 0);
        Lab.shoot(again, "gallery-restored");
        assertEquals(0, ((ListView) Robolectric.buildActivity(GalleryActivity.class).setup().get().findViewById(R.id.list)).getAdapter().getCount());
    }

    private static List<GalleryItem> itemsOf(ListView list) {
        List<GalleryItem> items = new ArrayList<>();
        for (int i = 0; i < list.getAdapter().getCount(); i++) items.add((GalleryItem) list.getAdapter().getItem(i));
        return items;
    }

    @Test
    public void fieldTestWalksThroughASeriesAndKeepsIt() throws Exception {
        Engine engine = checkedEngine();
        Lab.addCamera("0", BACK, 90);
        Lab.allowCamera();
        ActivityController<FieldTestActivity> controller = Robolectric.buildActivity(FieldTestActivity.class).setup();
        FieldTestActivity activity = controller.get();
        Lab.idle();
        Lab.shoot(activity, "field-form");
        ((Spinner) activity.findViewById(R.id.choose_label)).setSelection(1);
        ((Spinner) activity.findViewById(R.id.choose_distance)).setSelection(2);
        Lab.idle();
        activity.findViewById(R.id.begin).performClick();
        for (int i = 0; i < 5; i++) {
            activity.findViewById(R.id.shoot).performClick();
            activity.feed().onImage(photoFrame());
            Lab.idle();
            if (i == 2) Lab.shoot(activity, "field-series");
        }
        assertEquals(View.VISIBLE, activity.findViewById(R.id.form).getVisibility());
        assertEquals(5, Lab.text(activity, R.id.tally).split("\n").length);
        activity.findViewById(R.id.share).performClick();
        JSONArray shots = new JSONObject(exported(activity)).getJSONObject("field_test").getJSONArray("shots");
        assertEquals(5, shots.length());
        assertEquals(engine.spec.labels.get(1), shots.getJSONObject(0).getString("label"));
        assertEquals("quarter", shots.getJSONObject(4).getString("distance"));
        controller.pause().stop().destroy();
        assertEquals(5, new FieldLog(Lab.app(), engine.spec).shots().size());
    }

    @Test
    public void fieldTestNeedsAGreenSelfCheckFirst() throws Exception {
        FieldTestActivity activity = Robolectric.buildActivity(FieldTestActivity.class).setup().get();
        activity.findViewById(R.id.begin).performClick();
        assertEquals(CheckActivity.class.getName(), shadowOf(activity).getNextStartedActivity().getComponent().getClassName());
        assertEquals(View.GONE, activity.findViewById(R.id.series).getVisibility());
    }

    @Test
    public void aboutShowsTheNoticeAndTheCard() throws Exception {
        checkedEngine();
        AboutActivity activity = Robolectric.buildActivity(AboutActivity.class).setup().get();
        assertEquals("For tests only; not a diagnosis.", Lab.text(activity, R.id.notice));
        String card = Lab.text(activity, R.id.card);
        assertTrue(card, card.contains("Version 1, made for tests.") && card.contains("a_b · 3") && card.contains("• offline"));
        assertTrue(Lab.text(activity, R.id.facts).contains(Native.runtimeVersion()));
        Lab.shoot(activity, "about");
    }

    @Test
    @Config(qualifiers = "+de-night")
    public void darkAndGerman() throws Exception {
        CameraActivity activity = camera(BACK);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        assertEquals("Aufnehmen", Lab.text(activity, R.id.pause));
        assertEquals(Engine.get(Lab.app()).spec.name, Lab.text(activity, R.id.title));
        Lab.shoot(activity, "camera-de-night");
        CheckActivity check = Robolectric.buildActivity(CheckActivity.class).setup().get();
        Lab.await(() -> check.result() != null);
        Lab.shoot(check, "check-de-night");
    }

    @Test
    @Config(qualifiers = "w1280dp-h800dp-land-mdpi")
    public void tablet() throws Exception {
        CameraActivity activity = camera(BACK);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        View frame = activity.findViewById(R.id.frame);
        View scores = activity.findViewById(R.id.scores);
        int[] a = new int[2];
        int[] b = new int[2];
        frame.getLocationInWindow(a);
        scores.getLocationInWindow(b);
        assertTrue("side by side", b[0] >= a[0] + frame.getWidth());
        Lab.shoot(activity, "camera-tablet");
    }

    @Test
    @Config(qualifiers = "w320dp-h480dp-mdpi")
    public void largeFontsOnASmallPhone() throws Exception {
        RuntimeEnvironment.setFontScale(2f);
        CameraActivity activity = camera(BACK);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        Lab.shoot(activity, "camera-large-font");
        GalleryActivity gallery = Robolectric.buildActivity(GalleryActivity.class).setup().get();
        Lab.shoot(gallery, "gallery-large-font");
        FieldTestActivity field = Robolectric.buildActivity(FieldTestActivity.class).setup().get();
        Lab.shoot(field, "field-large-font");
    }

    @Test
    public void everyButtonHasWordsAndIsLargeEnough() throws Exception {
        int smallest = Math.round(47 * Lab.app().getResources().getDisplayMetrics().density);
        List<Activity> screens = new ArrayList<>();
        screens.add(camera(BACK));
        for (Class<? extends Activity> type : Arrays.<Class<? extends Activity>>asList(GalleryActivity.class, CheckActivity.class,
                FieldTestActivity.class, MoreActivity.class, AboutActivity.class)) {
            screens.add(Robolectric.buildActivity(type).setup().get());
        }
        Lab.idle();
        for (Activity screen : screens) Lab.checkAccessible(screen.findViewById(android.R.id.content), smallest);
        assertEquals(6, screens.size());
    }

    @Test
    public void tabsAndMoreLeadToEveryScreen() throws Exception {
        Engine engine = checkedEngine();
        MoreActivity more = Robolectric.buildActivity(MoreActivity.class).setup().get();
        assertEquals(engine.spec.name, Lab.text(more, R.id.title));
        int[] ids = {R.id.to_camera, R.id.to_gallery, R.id.to_field_test, R.id.to_check, R.id.to_about};
        List<Class<?>> types = Arrays.asList(CameraActivity.class, GalleryActivity.class, FieldTestActivity.class, CheckActivity.class, AboutActivity.class);
        for (int i = 0; i < ids.length; i++) {
            more.findViewById(ids[i]).performClick();
            assertEquals(types.get(i).getName(), shadowOf(more).getNextStartedActivity().getComponent().getClassName());
        }
        more.findViewById(R.id.to_more).performClick();
        assertEquals(null, shadowOf(more).getNextStartedActivity());
        assertTrue(more.findViewById(R.id.to_more).isSelected());
        assertEquals(View.GONE, more.findViewById(R.id.machine_words).getVisibility());
        Lab.shoot(more, "more");
        AboutActivity about = Robolectric.buildActivity(AboutActivity.class).setup().get();
        assertTrue("what lies behind More keeps its tab", about.findViewById(R.id.to_more).isSelected());
        assertEquals(about.getString(R.string.about), Lab.text(about, R.id.title));
    }

    @Test
    @Config(qualifiers = "+ar-ldrtl")
    public void arabicRunsFromRightToLeftAndSaysThatAMachineTranslated() throws Exception {
        CameraActivity activity = camera(BACK);
        activity.feed().onImage(photoFrame());
        Lab.idle();
        assertEquals(View.LAYOUT_DIRECTION_RTL, activity.findViewById(R.id.tabs).getLayoutDirection());
        assertTrue(activity.findViewById(R.id.to_camera).getLeft() > activity.findViewById(R.id.to_more).getLeft());
        Lab.shoot(activity, "camera-ar");
        MoreActivity more = Robolectric.buildActivity(MoreActivity.class).setup().get();
        assertEquals(View.VISIBLE, more.findViewById(R.id.machine_words).getVisibility());
        Lab.shoot(more, "more-ar");
    }

    @Test
    public void aPictureIsTakenByTheCameraAppAndClassified() throws Exception {
        checkedEngine();
        GalleryActivity activity = Robolectric.buildActivity(GalleryActivity.class).setup().get();
        activity.findViewById(R.id.take).performClick();
        assertEquals("asks first", "android.content.pm.action.REQUEST_PERMISSIONS", shadowOf(activity).getNextStartedActivity().getAction());
        Lab.allowCamera();
        activity.onRequestPermissionsResult(3, new String[] {android.Manifest.permission.CAMERA}, new int[] {0});
        Intent intent = shadowOf(activity).getNextStartedActivity();
        assertEquals(android.provider.MediaStore.ACTION_IMAGE_CAPTURE, intent.getAction());
        Uri uri = intent.getParcelableExtra(android.provider.MediaStore.EXTRA_OUTPUT);
        assertTrue(uri.toString(), uri.getLastPathSegment().matches("camera-[0-9]+\\.jpg"));
        String file = new JSONObject(Assets.text(assets, "bundle/check/check.json")).getJSONArray("pictures").getJSONObject(0).getString("file");
        shadowOf(Lab.app().getContentResolver()).registerInputStream(uri, new ByteArrayInputStream(Assets.bytes(assets, "bundle/check/" + file)));
        shadowOf(activity).receiveResult(intent, Activity.RESULT_OK, null);
        ListView list = activity.findViewById(R.id.list);
        Lab.await(() -> list.getAdapter().getCount() == 1);
        assertEquals("", itemsOf(list).get(0).problem);
        assertEquals(uri.getLastPathSegment(), itemsOf(list).get(0).name);
    }

    @Test
    public void rowsShowFileNamesAndNoPathsOfProviders() {
        assertEquals("3.jpg", GalleryWork.fileName(Uri.parse("content://docs/document/primary%3ADCIM%2Fleaves%2F3.jpg")));
        assertEquals("1000000018", GalleryWork.fileName(Uri.parse("content://media/picker/0/image%3A1000000018")));
    }

    @Test
    public void whatHarmsMostIsSaidFirst() throws Exception {
        assertEquals(R.string.hint_distance, Hints.guideOf("distance"));
        assertEquals(R.string.guide_still, Hints.guideOf("still"));
        assertEquals(0, Hints.guideOf("gamma"));
        assertEquals(0, Hints.guideOf(""));
        JSONObject app = new JSONObject(Assets.text(assets, "bundle/app.json")).put("guide", "distance").put("guide_number", 62);
        Spec spec = Spec.parse(app.toString());
        String expected = Lab.app().getString(R.string.hint_distance) + " " + Lab.app().getString(R.string.guide_from_distance, 62);
        assertEquals(expected, Hints.text(Lab.app(), spec, R.string.hint_distance));
        assertTrue(expected.contains("62"));
        assertEquals(Lab.app().getString(R.string.hint_centre), Hints.text(Lab.app(), spec, R.string.hint_centre));
        assertEquals("", Hints.text(Lab.app(), spec, 0));
    }
}
