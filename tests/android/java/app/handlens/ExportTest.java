package app.handlens;

import static org.junit.Assert.assertTrue;

import android.widget.CheckBox;
import android.widget.Spinner;
import java.io.File;
import java.io.FileOutputStream;
import org.junit.Test;
import org.robolectric.Robolectric;

/** Walks through the app of a real run and saves what it shares; tests/phones/bring_home.py takes it from there. */
public class ExportTest extends AppTest {
    private static void save(String name, byte[] bytes) throws Exception {
        File file = new File(System.getProperty("handlens.out"), name);
        file.getParentFile().mkdirs();
        try (FileOutputStream out = new FileOutputStream(file)) {
            out.write(bytes);
        }
    }

    @Test
    public void selfCheckAndFieldTestAreShared() throws Exception {
        CheckActivity check = Robolectric.buildActivity(CheckActivity.class).setup().get();
        Lab.await(() -> check.result() != null);
        assertTrue(check.result().passed());
        check.findViewById(R.id.share).performClick();
        save("self-check.json", exportedBytes(check));

        Lab.addCamera("0", BACK, 90);
        Lab.allowCamera();
        FieldTestActivity field = Robolectric.buildActivity(FieldTestActivity.class).setup().get();
        ((CheckBox) field.findViewById(R.id.keep)).setChecked(true);
        for (int distance = 0; distance < 2; distance++) {
            ((Spinner) field.findViewById(R.id.choose_label)).setSelection(1 + distance);
            ((Spinner) field.findViewById(R.id.choose_distance)).setSelection(distance);
            Lab.idle();
            field.findViewById(R.id.begin).performClick();
            for (int i = 0; i < 5; i++) {
                field.findViewById(R.id.shoot).performClick();
                field.feed().onImage(photoFrame(5 * distance + i));
                Lab.idle();
            }
        }
        field.findViewById(R.id.share).performClick();
        save("field-test.json", exportedBytes(field));
        field.findViewById(R.id.share_photos).performClick();
        save("photographs/field-test.zip", exportedBytes(field));
    }
}
