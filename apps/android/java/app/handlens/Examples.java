package app.handlens;

import android.app.Activity;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.view.View;
import android.view.ViewGroup;
import android.widget.ImageView;
import android.widget.TextView;
import java.io.IOException;

/** A picture of each class, where the author of the app lets its users see them. */
final class Examples {
    private Examples() {}

    /** Fills the row with the examples of the first classes, and shows it if there are any. */
    static void show(Activity activity, Spec spec, int most) {
        ViewGroup row = activity.findViewById(R.id.example_row);
        for (int i = 0; i < spec.examples.size() && i < spec.labels.size() && i < most; i++) {
            Bitmap picture = read(activity, spec.examples.get(i));
            if (picture == null) continue;
            View example = activity.getLayoutInflater().inflate(R.layout.example, row, false);
            ((ImageView) example.findViewById(R.id.example_picture)).setImageBitmap(picture);
            ((TextView) example.findViewById(R.id.example_name)).setText(spec.labels.get(i));
            row.addView(example);
        }
        activity.findViewById(R.id.examples).setVisibility(row.getChildCount() == 0 ? View.GONE : View.VISIBLE);
    }

    private static Bitmap read(Activity activity, String file) {
        if (file == null) return null;
        try {
            byte[] png = Assets.bytes(activity.getAssets(), "bundle/" + file);
            return BitmapFactory.decodeByteArray(png, 0, png.length);
        } catch (IOException missing) {
            return null;  // an app without the picture still works
        }
    }
}
