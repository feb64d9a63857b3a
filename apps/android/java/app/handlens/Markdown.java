package app.handlens;

import android.graphics.Typeface;
import android.text.SpannableStringBuilder;
import android.text.Spanned;
import android.text.style.RelativeSizeSpan;
import android.text.style.StyleSpan;

/** The little of Markdown that model cards use, as styled text: headings, bold, bullets, quotes, tables as lines. */
final class Markdown {
    private Markdown() {}

    static CharSequence styled(String markdown) {
        SpannableStringBuilder out = new SpannableStringBuilder();
        for (String line : markdown.split("\n", -1)) {
            if (line.matches("\\|[-|: ]+\\|?")) continue;  // the rule below a table's head
            int start = out.length();
            int level = 0;
            while (level < line.length() && line.charAt(level) == '#') level++;
            if (level > 0) {
                text(out, line.substring(level).trim());
                style(out, start, new StyleSpan(Typeface.BOLD));
                style(out, start, new RelativeSizeSpan(level == 1 ? 1.4f : 1.15f));
            } else if (line.startsWith("|")) {
                text(out, cells(line));
            } else if (line.startsWith("- ") || line.startsWith("* ")) {
                text(out, "• " + line.substring(2));
            } else {
                text(out, line.startsWith("> ") ? line.substring(2) : line);
            }
            out.append('\n');
        }
        return out;
    }

    private static String cells(String line) {
        String inner = line.substring(1, line.endsWith("|") && line.length() > 1 ? line.length() - 1 : line.length());
        StringBuilder out = new StringBuilder();
        for (String cell : inner.split("(?<!\\\\)\\|")) {
            if (cell.trim().isEmpty()) continue;
            if (out.length() > 0) out.append(" · ");
            out.append(cell.trim());
        }
        return out.toString();
    }

    /** Appends a line without its backslashes and code marks, with its bold parts bold. */
    private static void text(SpannableStringBuilder out, String line) {
        int bold = -1;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                out.append(line.charAt(++i));
            } else if (line.startsWith("**", i)) {
                if (bold < 0) bold = out.length();
                else {
                    style(out, bold, new StyleSpan(Typeface.BOLD));
                    bold = -1;
                }
                i++;
            } else if (c != '`') {
                out.append(c);
            }
        }
    }

    private static void style(SpannableStringBuilder out, int start, Object span) {
        if (start < out.length()) out.setSpan(span, start, out.length(), Spanned.SPAN_EXCLUSIVE_EXCLUSIVE);
    }
}
