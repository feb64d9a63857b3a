package app.handlens;

import android.content.Context;
import android.content.res.AssetManager;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/**
 * Proves on this very phone that the app sees and scores as the computer did: golden vectors, then the held-out pictures
 * that came with the app, by the plain kernels and by the XNNPACK delegate. Run it on a background thread.
 */
final class SelfCheck {
    /** A phone whose JPEG decoder gives other bytes must still give the same label, with scores this close. */
    static final float OTHER_DECODER_TOLERANCE = 0.05f;
    /** Kernels of other processors round differently inside a quantized model: a few steps of 1/256, never another label. */
    static final float DELEGATE_TOLERANCE = 0.02f;

    /** One held-out picture; scores are null where a path does not work. */
    static final class Row {
        String file;
        String sha256;
        String label;
        boolean sameInput;
        float[] computer;         // its plain kernels
        float[] computerXnnpack;
        float[] builtin;
        float[] xnnpack;
        boolean builtinRight;
        boolean xnnpackRight;
        Rgb seen;
    }

    Golden golden;
    boolean modelIntact;
    boolean delegateWorks;
    boolean delegateAgrees;
    String computerRuntime = "";
    double tolerance;
    int leftOut;
    final List<Row> rows = new ArrayList<>();

    private final Engine engine;
    private final AssetManager assets;

    private SelfCheck(Engine engine, AssetManager assets) {
        this.engine = engine;
        this.assets = assets;
    }

    /** Runs everything and tells the engine which path to take. */
    static SelfCheck run(Context context) throws Problem {
        Engine engine = Engine.get(context);
        SelfCheck check = new SelfCheck(engine, context.getAssets());
        try {
            check.golden = Golden.run(check.assets);
            check.modelIntact = Assets.sha256(engine.model).equals(engine.spec.modelSha256);
            check.pictures();
        } catch (IOException | JSONException e) {
            throw new Problem(R.string.problem_bundle);
        }
        engine.choose(check.delegateAgrees ? Engine.XNNPACK : Engine.BUILTIN, check.passed());
        return check;
    }

    boolean passed() {
        boolean right = golden.passed() && modelIntact;
        for (Row row : rows) right &= row.builtinRight;
        return right;
    }

    private void pictures() throws IOException, JSONException, Problem {
        JSONObject record = new JSONObject(Assets.text(assets, "bundle/check/check.json"));
        computerRuntime = record.optString("runtime");
        tolerance = record.getDouble("tolerance");
        leftOut = record.optInt("left_out");
        JSONArray list = record.getJSONArray("pictures");
        try (Classifier builtin = new Classifier(engine.model, engine.spec, false);
                Classifier xnnpack = delegate()) {
            delegateAgrees = delegateWorks = xnnpack != null;
            for (int i = 0; i < list.length(); i++) rows.add(row(list.getJSONObject(i), builtin, xnnpack));
            if (xnnpack != null && rows.isEmpty()) compareOnGolden(builtin, xnnpack);
        }
    }

    private Classifier delegate() {
        try {
            return new Classifier(engine.model, engine.spec, true);
        } catch (Problem none) {
            return null;
        }
    }

    private Row row(JSONObject picture, Classifier builtin, Classifier xnnpack) throws IOException, JSONException, Problem {
        Row row = new Row();
        row.file = picture.getString("file");
        row.sha256 = picture.getString("sha256");
        row.label = picture.getString("label");
        row.computer = floats(picture.getJSONArray("scores"));
        row.computerXnnpack = floats(picture.getJSONArray("scores_xnnpack"));
        Rgb rgb = Rgb.decode(Assets.bytes(assets, "bundle/check/" + row.file));
        row.builtin = builtin.classify(rgb);
        row.seen = builtin.copySeen();
        row.sameInput = Assets.sha256(row.seen.bytes).equals(picture.getString("input_sha256"));
        boolean acceptable = row.sameInput || !picture.getBoolean("lossless");
        row.builtinRight = acceptable && agree(row.builtin, row.computer, row.sameInput ? (float) tolerance : OTHER_DECODER_TOLERANCE);
        if (xnnpack != null) {
            row.xnnpack = xnnpack.classify(rgb);
            // Like with like: a quantized model's plain kernels round by themselves up to several steps away.
            row.xnnpackRight = acceptable && agree(row.xnnpack, row.computerXnnpack, row.sameInput ? DELEGATE_TOLERANCE : OTHER_DECODER_TOLERANCE);
            delegateAgrees &= row.xnnpackRight;
        }
        return row;
    }

    private static float[] floats(JSONArray list) throws JSONException {
        float[] values = new float[list.length()];
        for (int i = 0; i < values.length; i++) values[i] = (float) list.getDouble(i);
        return values;
    }

    /** For an app without held-out pictures, of which the computer's scores are not known: the two paths against each other. */
    private void compareOnGolden(Classifier builtin, Classifier xnnpack) throws IOException, Problem {
        for (String file : new String[] {"rgb.png", "chroma_half.jpg", "palette.png"}) {
            Rgb rgb = Rgb.decode(Assets.bytes(assets, "golden/" + file));
            delegateAgrees &= agree(xnnpack.classify(rgb), builtin.classify(rgb), DELEGATE_TOLERANCE);
        }
    }

    /** All scores within the limit, and the same label unless `b` itself is a tie by as little. */
    static boolean agree(float[] a, float[] b, float limit) {
        if (a.length != b.length) return false;
        float apart = largestDifference(a, b);
        if (!(apart <= limit)) return false;
        int first = new Scores(a, 0).best();
        int other = new Scores(b, 0).best();
        return first == other || Math.abs(b[first] - b[other]) <= limit;  // a tie may fall either way
    }

    static float largestDifference(float[] a, float[] b) {
        float largest = 0;
        for (int i = 0; i < a.length; i++) {
            if (Float.isNaN(a[i]) || Float.isNaN(b[i])) return Float.NaN;
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    JSONObject toJson() throws JSONException {
        JSONObject pixels = new JSONObject()
                .put("count", golden.count)
                .put("equal", golden.equal)
                .put("within_bound", golden.withinBound)
                .put("differing_bytes", golden.differingBytes)
                .put("largest_jpeg_difference", golden.largestDifference)
                .put("failed", new JSONArray(golden.failed));
        JSONArray pictures = new JSONArray();
        for (Row row : rows) {
            pictures.put(new JSONObject()
                    .put("file", row.file)
                    .put("sha256", row.sha256)
                    .put("label", row.label)
                    .put("input_equal", row.sameInput)
                    .put("computer", numbers(row.computer))
                    .put("computer_xnnpack", numbers(row.computerXnnpack))
                    .put("builtin", numbers(row.builtin))
                    .put("xnnpack", row.xnnpack == null ? JSONObject.NULL : numbers(row.xnnpack))
                    .put("builtin_ok", row.builtinRight)
                    .put("xnnpack_ok", row.xnnpackRight));
        }
        return new JSONObject()
                .put("ok", passed())
                .put("model_intact", modelIntact)
                .put("computer_runtime", computerRuntime)
                .put("tolerance", tolerance)
                .put("golden", pixels)
                .put("delegate", !delegateWorks ? "missing" : delegateAgrees ? "used" : "disagrees")
                .put("pictures", pictures);
    }

    static JSONArray numbers(float[] values) throws JSONException {
        JSONArray array = new JSONArray();
        for (float value : values) array.put(Float.isNaN(value) ? JSONObject.NULL : Double.valueOf(Float.toString(value)));
        return array;
    }
}
