package app.handlens;

import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Paint;
import android.graphics.RectF;
import android.util.AttributeSet;
import android.view.View;

/** Draws the analysed frame and, on it, the exact part that the model sees. */
public final class FrameView extends View {
    private final Paint smooth = new Paint(Paint.FILTER_BITMAP_FLAG);
    private final Paint shade = new Paint();
    private final Paint border = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final RectF place = new RectF();
    private final RectF box = new RectF();
    private Bitmap frame;
    private boolean mirrored;
    private int fit = Native.CROP;

    public FrameView(Context context, AttributeSet attributes) {
        super(context, attributes);
        shade.setColor(0x99000000);
        border.setStyle(Paint.Style.STROKE);
        border.setStrokeWidth(3 * getResources().getDisplayMetrics().density);
        border.setColor(context.getColor(R.color.box));
    }

    void setFit(int fit) {
        this.fit = fit;
    }

    void show(Bitmap frame, boolean mirrored) {
        this.frame = frame;
        this.mirrored = mirrored;
        invalidate();
    }

    /** The part of a picture that the model sees, as section 2 of the contract says; in the picture's pixels. */
    static RectF seenPart(int width, int height, int fit) {
        if (fit != Native.CROP) return new RectF(0, 0, width, height);
        int side = Math.min(width, height);
        int left = (width - side) / 2;
        int top = (height - side) / 2;
        return new RectF(left, top, left + side, top + side);
    }

    @Override
    protected void onDraw(Canvas canvas) {
        super.onDraw(canvas);
        if (frame == null) return;
        float scale = Math.min((float) getWidth() / frame.getWidth(), (float) getHeight() / frame.getHeight());
        float left = (getWidth() - scale * frame.getWidth()) / 2;
        float top = (getHeight() - scale * frame.getHeight()) / 2;
        place.set(left, top, left + scale * frame.getWidth(), top + scale * frame.getHeight());
        box.set(seenPart(frame.getWidth(), frame.getHeight(), fit));
        box.set(left + scale * box.left, top + scale * box.top, left + scale * box.right, top + scale * box.bottom);
        canvas.save();
        if (mirrored) canvas.scale(-1, 1, getWidth() / 2f, getHeight() / 2f);
        canvas.drawBitmap(frame, null, place, smooth);
        canvas.drawRect(place.left, place.top, place.right, box.top, shade);
        canvas.drawRect(place.left, box.bottom, place.right, place.bottom, shade);
        canvas.drawRect(place.left, box.top, box.left, box.bottom, shade);
        canvas.drawRect(box.right, box.top, place.right, box.bottom, shade);
        float half = border.getStrokeWidth() / 2;
        canvas.drawRect(box.left + half, box.top + half, box.right - half, box.bottom - half, border);
        canvas.restore();
    }
}
