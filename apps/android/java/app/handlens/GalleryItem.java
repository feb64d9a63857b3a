package app.handlens;

import android.graphics.Bitmap;

/** One picture of the gallery screen and its answer. Fields are of the main thread once the item is listed. */
final class GalleryItem {
    static final int UNKNOWN = -1;

    String name = "";
    int truth = UNKNOWN;   // index of the label
    Scores scores;         // null when the picture could not be used
    String problem = "";
    Bitmap seen;           // what the model saw; may be dropped when memory is low
}
