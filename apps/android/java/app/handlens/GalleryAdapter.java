package app.handlens;

import android.content.Context;
import android.view.LayoutInflater;
import android.view.View;
import android.view.ViewGroup;
import android.widget.BaseAdapter;
import android.widget.Button;
import android.widget.ImageView;
import android.widget.TextView;
import java.util.List;
import java.util.function.Consumer;

/** Rows of the gallery's list. */
final class GalleryAdapter extends BaseAdapter {
    private final Context context;
    private final Spec spec;
    private final List<GalleryItem> items;
    private final Consumer<GalleryItem> askTruth;
    private final Consumer<GalleryItem> askWhy;

    GalleryAdapter(Context context, Spec spec, List<GalleryItem> items, Consumer<GalleryItem> askTruth, Consumer<GalleryItem> askWhy) {
        this.context = context;
        this.spec = spec;
        this.items = items;
        this.askTruth = askTruth;
        this.askWhy = askWhy;
    }

    @Override
    public int getCount() {
        return items.size();
    }

    @Override
    public GalleryItem getItem(int position) {
        return items.get(position);
    }

    @Override
    public long getItemId(int position) {
        return position;
    }

    @Override
    public View getView(int position, View old, ViewGroup parent) {
        View row = old != null ? old : LayoutInflater.from(context).inflate(R.layout.gallery_row, parent, false);
        GalleryItem item = items.get(position);
        ImageView picture = row.findViewById(R.id.picture);
        picture.setImageBitmap(item.seen);
        picture.setContentDescription(context.getString(R.string.seen_by_model, item.name));
        TextView answer = row.findViewById(R.id.answer);
        TextView details = row.findViewById(R.id.details);
        Button truth = row.findViewById(R.id.truth);
        truth.setOnClickListener(view -> askTruth.accept(item));
        truth.setVisibility(item.scores == null ? View.GONE : View.VISIBLE);
        Button why = row.findViewById(R.id.why);
        why.setOnClickListener(view -> askWhy.accept(item));
        why.setVisibility(item.scores == null || item.seen == null || spec.why == null ? View.GONE : View.VISIBLE);
        if (item.scores == null) {
            answer.setText(item.problem);
            details.setText(item.name);
            answer.setTextColor(context.getColor(R.color.wrong));
            return row;
        }
        answer.setText(answerOf(item.scores));
        boolean known = item.truth >= 0;
        boolean right = item.truth == item.scores.best();
        answer.setTextColor(context.getColor(!known ? R.color.text : right ? R.color.right : R.color.wrong));
        String verdict = !known ? "" : context.getString(right ? R.string.right_mark : R.string.wrong_mark) + " · ";
        details.setText(context.getString(R.string.row_details, verdict, item.name, item.scores.milliseconds));
        truth.setText(known ? context.getString(R.string.truth_is, spec.labels.get(item.truth)) : context.getString(R.string.truth_question));
        return row;
    }

    private String answerOf(Scores scores) {
        if (scores.refers(spec)) {
            return context.getString(R.string.refer) + ": "
                    + context.getString(R.string.refer_possibly, spec.labels.get(spec.referClass), Scores.percent(scores.values[spec.referClass]));
        }
        boolean sure = scores.sure(spec);
        String possible = sure ? "" : scores.possible(spec);
        if (!possible.isEmpty()) return context.getString(R.string.not_sure) + ": " + context.getString(R.string.perhaps, possible);
        return context.getString(sure ? R.string.answer : R.string.answer_unsure, spec.labels.get(scores.best()), Scores.percent(scores.top()));
    }
}
