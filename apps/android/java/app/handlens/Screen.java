package app.handlens;

import android.app.Activity;
import android.content.Intent;
import android.os.Bundle;
import android.view.Gravity;
import android.view.View;
import android.view.ViewGroup;
import android.widget.PopupMenu;
import android.widget.ScrollView;
import android.widget.TextView;

/** What all screens share: the title bar with its menu, and the page that says why the app cannot work. */
abstract class Screen extends Activity {
    private Engine engine;

    /** Layout below the title bar. */
    abstract int layout();

    abstract int title();

    /** Called once the model is ready and the layout is there; never when the app cannot work. */
    abstract void start(Bundle saved);

    @Override
    protected final void onCreate(Bundle saved) {
        super.onCreate(saved);
        setContentView(R.layout.screen);
        TextView bar = findViewById(R.id.title);
        bar.setText(title());
        View menu = findViewById(R.id.menu);
        menu.setOnClickListener(this::showMenu);
        try {
            engine = Engine.get(this);
        } catch (Problem problem) {
            menu.setVisibility(View.GONE);
            showProblem(problem.in(this));
            return;
        } catch (LinkageError wrongProcessor) {
            menu.setVisibility(View.GONE);
            showProblem(getString(R.string.problem_processor));
            return;
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

    private void showMenu(View anchor) {
        PopupMenu menu = new PopupMenu(this, anchor, Gravity.END);
        menu.inflate(R.menu.screens);
        menu.setOnMenuItemClickListener(item -> {
            go(item.getItemId());
            return true;
        });
        menu.show();
    }

    final void go(int id) {
        Class<?> to = id == R.id.to_gallery ? GalleryActivity.class
                : id == R.id.to_check ? CheckActivity.class
                : id == R.id.to_field_test ? FieldTestActivity.class
                : id == R.id.to_about ? AboutActivity.class
                : CameraActivity.class;
        if (to == getClass()) return;
        startActivity(new Intent(this, to).addFlags(Intent.FLAG_ACTIVITY_REORDER_TO_FRONT));
    }
}
