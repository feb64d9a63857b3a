package app.handlens;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.Intent;
import android.net.Uri;
import android.widget.Toast;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** Hands a file to another app by the share sheet. */
final class Export {
    /** Writes the file. */
    interface Content {
        void writeTo(OutputStream out) throws IOException;
    }

    private Export() {}

    static void share(Activity activity, String name, String type, String text) {
        share(activity, name, type, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    static void share(Activity activity, String name, String type, Content content) {
        try {
            File folder = ExportProvider.folder(activity);
            if (!folder.isDirectory() && !folder.mkdirs()) throw new IOException();
            try (FileOutputStream out = new FileOutputStream(new File(folder, name))) {
                content.writeTo(out);
            }
            Uri uri = ExportProvider.uri(activity, name);
            Intent send = new Intent(Intent.ACTION_SEND);
            send.setType(type);
            send.putExtra(Intent.EXTRA_STREAM, uri);
            send.putExtra(Intent.EXTRA_SUBJECT, name);
            send.setClipData(ClipData.newRawUri(name, uri));
            send.addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION);
            activity.startActivity(Intent.createChooser(send, activity.getString(R.string.share)));
        } catch (IOException | ActivityNotFoundException e) {
            Toast.makeText(activity, R.string.problem_share, Toast.LENGTH_LONG).show();
        }
    }
}
