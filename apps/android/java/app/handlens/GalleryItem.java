package app.handlens;

import android.graphics.Bitmap;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** One picture of the gallery screen and its answer. Fields are of the main thread once the item is listed. */
final class GalleryItem {
    static final int UNKNOWN = -1;

    String name = "";
    int truth = UNKNOWN;   // index of the label
    Scores scores;         // null when the picture could not be used
    String problem = "";
    Bitmap seen;           // what the model saw; may be dropped when memory is low

    /** Everything but the picture. */
    JSONObject toJson() throws JSONException {
        JSONObject json = new JSONObject().put("name", name).put("truth", truth).put("problem", problem);
        if (scores != null) json.put("scores", SelfCheck.numbers(scores.values)).put("milliseconds", (double) scores.milliseconds);
        return json;
    }

    static GalleryItem of(JSONObject json) throws JSONException {
        GalleryItem item = new GalleryItem();
        item.name = json.getString("name");
        item.truth = json.getInt("truth");
        item.problem = json.getString("problem");
        JSONArray list = json.optJSONArray("scores");
        if (list == null) return item;
        float[] values = new float[list.length()];
        for (int i = 0; i < values.length; i++) values[i] = (float) list.optDouble(i);
        item.scores = new Scores(values, (float) json.getDouble("milliseconds"));
        return item;
    }
}
