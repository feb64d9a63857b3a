package app.handlens;

import android.content.Context;
import android.util.AttributeSet;
import android.view.View;
import android.widget.LinearLayout;

/** Its two children one above the other where it is high, side by side where it is wide: phones, tablets, split screens. */
public final class TwoPane extends LinearLayout {
    private static final float FIRST = 3;
    private static final float SECOND = 2;

    public TwoPane(Context context, AttributeSet attributes) {
        super(context, attributes);
    }

    @Override
    protected void onMeasure(int widthSpec, int heightSpec) {
        boolean wide = MeasureSpec.getSize(widthSpec) > MeasureSpec.getSize(heightSpec);
        setOrientation(wide ? HORIZONTAL : VERTICAL);
        for (int i = 0; i < getChildCount(); i++) {
            View child = getChildAt(i);
            LayoutParams params = (LayoutParams) child.getLayoutParams();
            params.width = wide ? 0 : LayoutParams.MATCH_PARENT;
            params.height = wide ? LayoutParams.MATCH_PARENT : 0;
            params.weight = i == 0 ? FIRST : SECOND;
        }
        super.onMeasure(widthSpec, heightSpec);
    }
}
