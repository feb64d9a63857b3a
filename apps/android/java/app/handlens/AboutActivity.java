package app.handlens;

import android.os.Bundle;
import android.view.View;
import android.widget.TextView;
import java.io.IOException;

/** What this app is: the notice, the model card, the versions. */
public final class AboutActivity extends Screen {
    @Override
    int layout() {
        return R.layout.about;
    }

    @Override
    int title() {
        return R.string.about;
    }

    @Override
    void start(Bundle saved) {
        Spec spec = engine().spec;
        TextView notice = findViewById(R.id.notice);
        notice.setText(spec.notice);
        notice.setVisibility(spec.notice.isEmpty() ? View.GONE : View.VISIBLE);
        int path = engine().path().equals(Engine.XNNPACK) ? R.string.path_xnnpack : R.string.path_builtin;
        ((TextView) findViewById(R.id.facts)).setText(getString(R.string.facts, spec.name, spec.modelFile, spec.modelVersion,
                engine().inputType(), spec.size, Native.runtimeVersion(), getString(path), spec.modelSha256));
        TextView card = findViewById(R.id.card);
        try {
            card.setText(Markdown.styled(Assets.text(getAssets(), "bundle/modelcard.md")));
        } catch (IOException none) {
            card.setText(R.string.no_card);
        }
    }
}
