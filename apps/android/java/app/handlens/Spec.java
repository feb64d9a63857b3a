package app.handlens;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** What app.json says of the model (docs/formats-app.md). Immutable. */
final class Spec {
    private static final int VERSION = 1;
    private static final int PIXEL_CONTRACT = 1;

    final String name;
    final String modelFile;
    final String modelSha256;
    final String modelVersion;
    final String author;
    final String license;
    final String notice;
    final int checksPassed;  // of the verdict's rules on the computer
    final int checks;        // how many there were; 0 = the model was not judged
    final String guide;   // the fault of the camera that harms most; empty = none
    final int guideNumber;  // from where on it does harm, in % or degrees; 0 = not said
    final Why why;        // how answers are explained; null in older packs
    final List<String> examples;  // of each label the file of a picture that users may see, or null; empty = none at all
    final int size;
    final int fit;
    final List<String> labels;
    final float notSureBelow;
    final float possibleFrom;  // classes that score at or above this may be the right one; 0 = older files, which do not say
    final int referClass;   // the label that must not be missed; -1 = none
    final float referFrom;  // scores of it at or above this are referred

    private Spec(JSONObject app) throws JSONException, Problem {
        name = app.getString("name");
        modelFile = app.optString("model_file");
        modelSha256 = app.getString("model_sha256");
        JSONObject preprocess = app.getJSONObject("preprocess");
        if (preprocess.getInt("pixel_contract") != PIXEL_CONTRACT) throw new Problem(R.string.problem_newer);
        modelVersion = preprocess.optString("model_version");
        author = preprocess.optString("author");
        license = preprocess.optString("license");
        notice = preprocess.optString("notice");
        JSONObject verdict = app.optJSONObject("verdict");
        checksPassed = verdict == null ? 0 : verdict.getInt("passed");
        checks = verdict == null ? 0 : verdict.getInt("of");
        guide = app.optString("guide");
        guideNumber = app.optInt("guide_number");
        JSONObject rule = app.optJSONObject("why");
        why = rule == null ? null : new Why(rule.getInt("cells"), rule.getDouble("least_drop"), rule.getDouble("most_red"));
        if (why != null && (why.cells < 2 || why.cells > 64)) throw new Problem(R.string.problem_bundle);
        size = preprocess.getInt("size_px");
        fit = fitOf(preprocess.getString("fit"));
        notSureBelow = (float) preprocess.optDouble("not_sure_below", 0);
        List<String> list = new ArrayList<>();
        JSONArray names = preprocess.getJSONArray("labels");
        for (int i = 0; i < names.length(); i++) list.add(names.getString(i));
        labels = Collections.unmodifiableList(list);
        examples = examplesOf(app.optJSONArray("examples"));
        JSONObject answering = preprocess.optJSONObject("answering");
        JSONObject sets = answering == null ? null : answering.optJSONObject("sets");
        possibleFrom = sets == null ? 0 : (float) sets.getDouble("from");
        JSONObject refer = preprocess.optJSONObject("refer");
        referClass = refer == null ? -1 : refer.getInt("class");
        referFrom = refer == null ? 1 : (float) refer.getDouble("from");
        if (referClass >= labels.size() || refer != null && referClass < 0) throw new Problem(R.string.problem_bundle);
        if (size < 1 || size > 4096 || labels.isEmpty()) throw new Problem(R.string.problem_bundle);
    }

    static Spec parse(String json) throws Problem {
        try {
            JSONObject app = new JSONObject(json);
            if (!"handlens-app".equals(app.optString("format"))) throw new Problem(R.string.problem_bundle);
            if (app.getInt("version") > VERSION) throw new Problem(R.string.problem_newer);
            return new Spec(app);
        } catch (JSONException e) {
            throw new Problem(R.string.problem_bundle);
        }
    }

    private static List<String> examplesOf(JSONArray files) throws JSONException {
        List<String> list = new ArrayList<>();
        for (int i = 0; files != null && i < files.length(); i++) list.add(files.isNull(i) ? null : files.getString(i));
        return Collections.unmodifiableList(list);
    }

    private static int fitOf(String name) throws Problem {
        switch (name) {
            case "crop":
                return Native.CROP;
            case "stretch":
                return Native.STRETCH;
            case "letterbox":
                return Native.LETTERBOX;
            default:
                throw new Problem(R.string.problem_bundle);
        }
    }
}
