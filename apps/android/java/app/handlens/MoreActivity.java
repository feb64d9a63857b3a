package app.handlens;

import android.os.Bundle;
import android.view.View;
import android.widget.TextView;

/** What people need seldom: the field test, the self-check, facts of the model. */
public final class MoreActivity extends Screen {
    @Override
    int layout() {
        return R.layout.more;
    }

    @Override
    int title() {
        return R.string.more;
    }

    @Override
    void start(Bundle saved) {
        TextView notice = findViewById(R.id.notice);
        notice.setText(engine().spec.notice);
        notice.setVisibility(engine().spec.notice.isEmpty() ? View.GONE : View.VISIBLE);
        for (int id : new int[] {R.id.to_field_test, R.id.to_check, R.id.to_about}) findViewById(id).setOnClickListener(view -> go(id));
        findViewById(R.id.machine_words).setVisibility(getResources().getBoolean(R.bool.machine_made) ? View.VISIBLE : View.GONE);
    }
}
