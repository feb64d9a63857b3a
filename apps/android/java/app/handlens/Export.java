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
import java.nio.charset.StandardCharsets;

/** Hands a text file to another app by the share sheet. */
final class Export {
    private Export() {}

    static void share(Activity activity, String name, String type, String text) {
        try {
            File folder = ExportProvider.folder(activity);
            if (!folder.isDirectory() && !folder.mkdirs()) throw new IOException();
            try (FileOutputStream out = new FileOutputStream(new File(folder, name))) {
                out.write(text.getBytes(StandardCharsets.UTF_8));
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
