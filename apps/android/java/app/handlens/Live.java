package app.handlens;

import android.graphics.Bitmap;
import android.os.Handler;
import android.os.Looper;
import android.os.SystemClock;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** Classifies camera frames and hands each frame with its own scores to the screen; frames that come meanwhile are dropped. */
final class Live implements CameraFeed.Listener {
    interface Viewer {
        /** On the main thread. */
        void show(Analysis analysis);

        void cameraProblem(int text);
    }

    /** A frame and what the model said of it. `frame` is used again two frames later. */
    static final class Analysis {
        Bitmap frame;
        boolean mirrored;
        Scores scores;
        Rgb seen;  // the model's pixels
        int hint;  // a text of the resources; 0 = none
    }

    private final Engine engine;
    private final Viewer viewer;
    private final Handler main = new Handler(Looper.getMainLooper());
    private final AtomicBoolean waiting = new AtomicBoolean();
    private final Hints hints;
    private final Bitmap[] frames = new Bitmap[3];
    private ByteBuffer rgba = ByteBuffer.allocateDirect(4);
    private int turn;
    private volatile boolean paused;

    Live(Engine engine, Viewer viewer) {
        this.engine = engine;
        this.viewer = viewer;
        hints = new Hints(engine.spec.guide);
    }

    void setPaused(boolean paused) {
        this.paused = paused;
    }

    boolean paused() {
        return paused;
    }

    @Override
    public void onFrame(Rgb upright, boolean mirrored) {
        if (paused || !waiting.compareAndSet(false, true)) return;
        Analysis analysis = new Analysis();
        try {
            Engine.Answer answer = engine.classifyAndKeep(upright);
            analysis.scores = answer.scores;
            analysis.seen = answer.seen;
            analysis.hint = hints.of(answer.seen, answer.scores.sure(engine.spec), SystemClock.uptimeMillis());
        } catch (Problem problem) {
            waiting.set(false);
            main.post(() -> viewer.cameraProblem(R.string.problem_classify));
            return;
        }
        analysis.frame = draw(upright);
        analysis.mirrored = mirrored;
        main.post(() -> {
            waiting.set(false);
            if (!paused) viewer.show(analysis);
        });
    }

    private Bitmap draw(Rgb upright) {
        turn = (turn + 1) % frames.length;
        Bitmap frame = frames[turn];
        if (frame == null || frame.getWidth() != upright.width || frame.getHeight() != upright.height) {
            frame = Bitmap.createBitmap(upright.width, upright.height, Bitmap.Config.ARGB_8888);
            frames[turn] = frame;
        }
        if (rgba.capacity() < upright.count() * 4) rgba = ByteBuffer.allocateDirect(upright.count() * 4);
        upright.drawOn(frame, rgba);
        return frame;
    }

    @Override
    public void onCameraProblem(int text) {
        viewer.cameraProblem(text);
    }
}
