package app.handlens;

import static org.junit.Assert.assertEquals;

import android.app.Activity;
import java.util.Arrays;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.annotation.Config;
import org.robolectric.annotation.GraphicsMode;

/** An app whose labels are not as many as its model's outputs must not answer at all. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35, qualifiers = "w411dp-h891dp-xhdpi")
@GraphicsMode(GraphicsMode.Mode.NATIVE)
public class MismatchTest {
    @Test
    public void everyScreenRefusesAndSaysWhy() throws Exception {
        for (Class<? extends Activity> type : Arrays.<Class<? extends Activity>>asList(CameraActivity.class, GalleryActivity.class,
                CheckActivity.class, FieldTestActivity.class, AboutActivity.class)) {
            Engine.reset();
            Activity activity = Robolectric.buildActivity(type).setup().get();
            Lab.idle();
            assertEquals(activity.getString(R.string.problem_labels, 5, 4), Lab.text(activity, R.id.problem));
            if (type == CameraActivity.class) Lab.shoot(activity, "refuses");
        }
    }
}
