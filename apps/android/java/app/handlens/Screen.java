package app.handlens;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.widget.ScrollView;
import android.widget.TextView;

/** What all screens share: the bar with the app's name, the three tabs, and the page that says why the app cannot work. */
abstract class Screen extends Activity {
    private static final int[] TABS = {R.id.to_camera, R.id.to_gallery, R.id.to_more};

    private Engine engine;

    /** Layout between the bar and the tabs. */
    abstract int layout();

    abstract int title();

    /** The tab that this screen belongs to; what is seldom needed lies behind the last. */
    int tab() {
        return R.id.to_more;
    }

    /** Called once the model is ready and the layout is there; never when the app cannot work. */
    abstract void start(Bundle saved);

    @Override
    protected final void onCreate(Bundle saved) {
        super.onCreate(saved);
        setContentView(R.layout.screen);
        TextView bar = findViewById(R.id.title);
        bar.setText(title());
        setTitle(title());
        try {
            engine = Engine.get(this);
        } catch (Problem problem) {
            findViewById(R.id.tabs).setVisibility(View.GONE);
            showProblem(problem.in(this));
            return;
        } catch (LinkageError wrongProcessor) {
            findViewById(R.id.tabs).setVisibility(View.GONE);
            showProblem(getString(R.string.problem_processor));
            return;
        }
        if (isTab()) bar.setText(engine.spec.name);
        for (int id : TABS) {
            View tab = findViewById(id);
            tab.setSelected(id == tab());
            tab.setOnClickListener(view -> go(id));
        }
        getLayoutInflater().inflate(layout(), content(), true);
        start(saved);
    }

    /** Null when the app cannot work: life-cycle methods check it. */
    final Engine engine() {
        return engine;
    }

    private ViewGroup content() {
        return findViewById(R.id.content);
    }

    final void showProblem(String words) {
        content().removeAllViews();
        ScrollView scroll = new ScrollView(this);
        TextView text = new TextView(this);
        int space = getResources().getDimensionPixelSize(R.dimen.space);
        text.setPadding(space, space, space, space);
        text.setTextAppearance(android.R.style.TextAppearance_Material_Medium);
        text.setId(R.id.problem);
        text.setText(words);
        scroll.addView(text);
        content().addView(scroll);
    }

    private boolean isTab() {
        return this instanceof CameraActivity || this instanceof GalleryActivity || this instanceof MoreActivity;
    }

    final void go(int id) {
        Class<?> to = id == R.id.to_gallery ? GalleryActivity.class
                : id == R.id.to_check ? CheckActivity.class
                : id == R.id.to_field_test ? FieldTestActivity.class
                : id == R.id.to_about ? AboutActivity.class
                : id == R.id.to_more ? MoreActivity.class
                : CameraActivity.class;
        if (to == getClass()) return;
        startActivity(new Intent(this, to).addFlags(Intent.FLAG_ACTIVITY_REORDER_TO_FRONT));
    }
}
