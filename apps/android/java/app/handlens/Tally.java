package app.handlens;

import android.content.Context;
import java.util.List;
import java.util.Locale;

/** Counts right answers, with the 95 % interval of their share, and writes results as CSV (RFC 4180). */
final class Tally {
    int right;
    int known;

    void add(boolean isRight) {
        known++;
        if (isRight) right++;
    }

    static Tally of(List<GalleryItem> items) {
        Tally tally = new Tally();
        for (GalleryItem item : items) {
            if (item.scores != null && item.truth >= 0) tally.add(item.truth == item.scores.best());
        }
        return tally;
    }

    /** Wilson's score interval at 95 % (JASA 22, 1927), as the computer's verdict uses. */
    double[] interval() {
        if (known == 0) return new double[] {0, 1};
        double z = 1.959963984540054;
        double p = (double) right / known;
        double centre = p + z * z / (2 * known);
        double half = z * Math.sqrt(p * (1 - p) / known + z * z / (4.0 * known * known));
        double scale = 1 + z * z / known;
        return new double[] {Math.max(0, (centre - half) / scale), Math.min(1, (centre + half) / scale)};
    }

    String text(Context context, int pictures) {
        String count = context.getResources().getQuantityString(R.plurals.pictures, pictures, pictures);
        if (known == 0) return pictures == 0 ? context.getString(R.string.gallery_start) : count + ". " + context.getString(R.string.tally_how);
        double[] interval = interval();
        return count + ". " + context.getString(R.string.tally, right, known, 100.0 * right / known, 100 * interval[0], 100 * interval[1]);
    }

    static String csv(Spec spec, List<GalleryItem> items) {
        StringBuilder csv = new StringBuilder("picture,label,predicted,milliseconds,problem");
        for (String label : spec.labels) csv.append(',').append(cell(label));
        csv.append("\r\n");
        for (GalleryItem item : items) {
            csv.append(cell(item.name)).append(',').append(item.truth < 0 ? "" : cell(spec.labels.get(item.truth))).append(',');
            boolean used = item.scores != null;
            csv.append(used ? cell(spec.labels.get(item.scores.best())) : "").append(',');
            csv.append(used ? String.format(Locale.ROOT, "%.2f", item.scores.milliseconds) : "").append(',').append(cell(item.problem));
            for (int i = 0; i < spec.labels.size(); i++) csv.append(',').append(used ? Float.toString(item.scores.values[i]) : "");
            csv.append("\r\n");
        }
        return csv.toString();
    }

    /** A text that a spreadsheet would run as a formula gets a ' in front. */
    static String cell(String text) {
        if (!text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0) text = "'" + text;
        boolean plain = text.indexOf(',') < 0 && text.indexOf('"') < 0 && text.indexOf('\n') < 0 && text.indexOf('\r') < 0;
        return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
    }
}
