package app.handlens;

import android.content.Context;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** The shots of the field test, kept in a file so that nothing is lost when the app is closed. */
final class FieldLog {
    static final String[] DISTANCES = {"fills", "half", "quarter"};
    static final String[] PLACES = {"centre", "edge"};
    static final String[] BACKGROUNDS = {"usual", "plain", "busy"};

    /** One shot: how it was taken and what the model said. */
    static final class Shot {
        int series;  // from 1
        String label;
        String distance;
        String place;
        String background;
        String camera;
        String at;
        String predicted;
        boolean notSure;
        float[] scores;
        float milliseconds;
        int picture;  // its photograph's number, from 1; 0 = none is kept

        boolean right() {
            return label.equals(predicted);
        }

        JSONObject toJson() throws JSONException {
            JSONObject json = new JSONObject()
                    .put("series", series)
                    .put("at", at)
                    .put("label", label)
                    .put("distance", distance)
                    .put("place", place)
                    .put("background", background)
                    .put("camera", camera)
                    .put("predicted", predicted)
                    .put("not_sure", notSure)
                    .put("scores", SelfCheck.numbers(scores))
                    .put("milliseconds", Double.valueOf(Float.toString(milliseconds)));
            if (picture > 0) json.put("picture", picture);
            return json;
        }

        static Shot of(JSONObject json) throws JSONException {
            Shot shot = new Shot();
            shot.series = json.getInt("series");
            shot.at = json.getString("at");
            shot.label = json.getString("label");
            shot.distance = json.getString("distance");
            shot.place = json.getString("place");
            shot.background = json.getString("background");
            shot.camera = json.getString("camera");
            shot.predicted = json.getString("predicted");
            shot.notSure = json.getBoolean("not_sure");
            JSONArray scores = json.getJSONArray("scores");
            shot.scores = new float[scores.length()];
            for (int i = 0; i < shot.scores.length; i++) shot.scores[i] = (float) scores.optDouble(i, 0);
            shot.milliseconds = (float) json.getDouble("milliseconds");
            shot.picture = json.optInt("picture", 0);
            return shot;
        }
    }

    private final File file;
    private final List<Shot> shots = new ArrayList<>();

    /** Shots of another model are not mixed in: the file's name carries the model's hash. */
    FieldLog(Context context, Spec spec) {
        file = new File(context.getFilesDir(), "field-test-" + spec.modelSha256.substring(0, Math.min(16, spec.modelSha256.length())) + ".json");
        if (!file.isFile()) return;
        try (FileInputStream in = new FileInputStream(file)) {
            JSONArray list = new JSONArray(new String(Assets.readAll(in), StandardCharsets.UTF_8));
            for (int i = 0; i < list.length(); i++) shots.add(Shot.of(list.getJSONObject(i)));
        } catch (IOException | JSONException cutShort) {
            shots.clear();
        }
    }

    List<Shot> shots() {
        return shots;
    }

    int nextSeries() {
        return shots.isEmpty() ? 1 : shots.get(shots.size() - 1).series + 1;
    }

    /** For a photograph: no other shot's. */
    int nextPicture() {
        int last = 0;
        for (Shot shot : shots) last = Math.max(last, shot.picture);
        return last + 1;
    }

    /** How many shots have a photograph. */
    int photographed(FieldPhotos photos) {
        int count = 0;
        for (Shot shot : shots) if (photos.has(shot.picture)) count++;
        return count;
    }

    /** As records hold them: with the numbers of the photographs that are sent along, or without. */
    JSONArray sent(FieldPhotos photos) throws JSONException {
        JSONArray list = new JSONArray();
        for (Shot shot : shots) {
            JSONObject json = shot.toJson();
            if (photos == null || !photos.has(shot.picture)) json.remove("picture");
            list.put(json);
        }
        return list;
    }

    void add(Shot shot) throws IOException, JSONException {
        shots.add(shot);
        save();
    }

    void clear() throws IOException, JSONException {
        shots.clear();
        save();
    }

    private JSONArray toJson() throws JSONException {
        JSONArray list = new JSONArray();
        for (Shot shot : shots) list.put(shot.toJson());
        return list;
    }

    /** Written beside and renamed, so that a full disk or a dying phone leaves the old file whole. */
    private void save() throws IOException, JSONException {
        File fresh = new File(file.getPath() + ".new");
        try (FileOutputStream out = new FileOutputStream(fresh)) {
            out.write(toJson().toString().getBytes(StandardCharsets.UTF_8));
            out.getFD().sync();
        }
        if (!fresh.renameTo(file)) throw new IOException("rename");
    }
}
