package app.handlens;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.Context;
import android.database.Cursor;
import android.database.MatrixCursor;
import android.net.Uri;
import android.os.ParcelFileDescriptor;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileNotFoundException;

/** Lets the app that the user chose in the share sheet read one exported file, and the camera app write one picture. Nothing else. */
public final class ExportProvider extends ContentProvider {
    private static final String PICTURE = "camera-[0-9]+\\.jpg";

    static File folder(Context context) {
        return new File(context.getCacheDir(), "export");
    }

    static Uri uri(Context context, String name) {
        return new Uri.Builder().scheme("content").authority(context.getPackageName() + ".export").appendPath(name).build();
    }

    /** A place for the camera app's next picture; earlier ones are deleted, they were classified. */
    static Uri newPicture(Context context) {
        File[] old = folder(context).listFiles((folder, name) -> name.matches(PICTURE));
        for (File file : old == null ? new File[0] : old) file.delete();
        return uri(context, "camera-" + System.currentTimeMillis() + ".jpg");
    }

    @Override
    public boolean onCreate() {
        return true;
    }

    private File file(Uri uri) {
        String name = uri.getLastPathSegment();
        boolean plain = name != null && uri.getPathSegments().size() == 1 && name.matches("[A-Za-z0-9._-]+") && !name.startsWith(".");
        return plain ? new File(folder(getContext()), name) : null;
    }

    @Override
    public ParcelFileDescriptor openFile(Uri uri, String mode) throws FileNotFoundException {
        File file = file(uri);
        if (file != null && file.getName().matches(PICTURE) && mode.startsWith("w")) {
            folder(getContext()).mkdirs();
            return ParcelFileDescriptor.open(file, ParcelFileDescriptor.parseMode("wt"));
        }
        if (file == null || !"r".equals(mode)) throw new FileNotFoundException(String.valueOf(uri));
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.MODE_READ_ONLY);
    }

    @Override
    public Cursor query(Uri uri, String[] projection, String selection, String[] arguments, String order) {
        String[] columns = {OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE};
        MatrixCursor cursor = new MatrixCursor(columns, 1);
        File file = file(uri);
        if (file != null && file.isFile()) cursor.addRow(new Object[] {file.getName(), file.length()});
        return cursor;
    }

    @Override
    public String getType(Uri uri) {
        String name = String.valueOf(uri.getLastPathSegment());
        return name.endsWith(".jpg") ? "image/jpeg" : name.endsWith(".json") ? "application/json" : name.endsWith(".zip") ? "application/zip" : "text/csv";
    }

    @Override
    public Uri insert(Uri uri, ContentValues values) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int delete(Uri uri, String selection, String[] arguments) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int update(Uri uri, ContentValues values, String selection, String[] arguments) {
        throw new UnsupportedOperationException();
    }
}
