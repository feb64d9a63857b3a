package app.handlens;

import android.content.Context;
import android.content.SharedPreferences;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The app's one model with its interpreter, made on first use. Thread-safe. */
final class Engine {
    static final String BUILTIN = "builtin";
    static final String XNNPACK = "xnnpack";
    private static Engine instance;

    final Spec spec;
    final ByteBuffer model;
    private final SharedPreferences settings;
    private Classifier classifier;
    private String path;

    /** Throws when the app's files do not belong together; the screens show why. */
    static synchronized Engine get(Context context) throws Problem {
        if (instance == null) instance = new Engine(context.getApplicationContext());
        return instance;
    }

    /** Forgets the model, so that tests can start anew. */
    static synchronized void reset() {
        if (instance != null && instance.classifier != null) instance.classifier.close();
        instance = null;
    }

    private Engine(Context context) throws Problem {
        settings = context.getSharedPreferences("engine", Context.MODE_PRIVATE);
        try {
            spec = Spec.parse(Assets.text(context.getAssets(), "bundle/app.json"));
            model = Assets.map(context.getAssets(), "bundle/model.tflite");
        } catch (IOException e) {
            throw new Problem(R.string.problem_bundle);
        }
        path = BUILTIN;
        classifier = new Classifier(model, spec, false);
        if (XNNPACK.equals(chosen())) use(XNNPACK);
    }

    private String key() {
        return "path:" + spec.modelSha256;
    }

    private String chosen() {
        return settings.getString(key(), "");
    }

    /** Whether the self-check has run for this very model. */
    boolean checked() {
        return !chosen().isEmpty();
    }

    /** Whether the last self-check of this very model was green. */
    boolean passed() {
        return settings.getBoolean("passed:" + spec.modelSha256, false);
    }

    /** Takes the path that the self-check found to be right, now and at the next start. */
    synchronized void choose(String wanted, boolean passed) {
        settings.edit().putString(key(), wanted).putBoolean("passed:" + spec.modelSha256, passed).apply();
        use(wanted);
    }

    private synchronized void use(String wanted) {
        if (wanted.equals(path)) return;
        try {
            Classifier next = new Classifier(model, spec, wanted.equals(XNNPACK));
            classifier.close();
            classifier = next;
            path = wanted;
        } catch (Problem stayWithTheOther) {
            settings.edit().putString(key(), BUILTIN).apply();
        }
    }

    synchronized String path() {
        return path;
    }

    synchronized String inputType() {
        return classifier.inputTypeName();
    }

    synchronized Scores classify(Rgb picture) throws Problem {
        long start = System.nanoTime();
        float[] values = classifier.classify(picture);
        return new Scores(values, (System.nanoTime() - start) / 1e6f);
    }

    /** The N x N picture of the last classify of this thread's caller; see Classifier.copySeen. */
    synchronized Answer classifyAndKeep(Rgb picture) throws Problem {
        Scores scores = classify(picture);
        return new Answer(scores, classifier.copySeen());
    }

    /** Scores and the picture that the model saw. */
    static final class Answer {
        final Scores scores;
        final Rgb seen;

        Answer(Scores scores, Rgb seen) {
            this.scores = scores;
            this.seen = seen;
        }
    }
}
