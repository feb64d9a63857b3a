package app.handlens;

import android.content.ContentResolver;
import android.content.Context;
import android.database.Cursor;
import android.net.Uri;
import android.os.Handler;
import android.os.Looper;
import android.provider.DocumentsContract;
import android.provider.OpenableColumns;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Classifies chosen pictures one after the other, off the main thread. Outlives rotations of the screen. */
final class GalleryWork {
    interface Watcher {
        void onChanged();
    }

    private static final int MOST_FILES = 5000;

    private final Context context;
    private final Engine engine;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();
    private final Handler main = new Handler(Looper.getMainLooper());
    private final List<GalleryItem> items = new ArrayList<>();
    private int remaining;
    private Watcher watcher;

    GalleryWork(Context context, Engine engine) {
        this.context = context;
        this.engine = engine;
    }

    List<GalleryItem> items() {
        return items;
    }

    int remaining() {
        return remaining;
    }

    void watch(Watcher watcher) {
        this.watcher = watcher;
    }

    void add(List<Uri> uris) {
        for (Uri uri : uris) addOne(uri, null, null);
        changed();
    }

    private void addOne(Uri uri, String name, String folder) {
        remaining++;
        thread.execute(() -> {
            GalleryItem item = classify(uri, name, folder);
            main.post(() -> {
                items.add(item);
                remaining--;
                changed();
            });
        });
    }

    private void changed() {
        if (watcher != null) watcher.onChanged();
    }

    private GalleryItem classify(Uri uri, String name, String folder) {
        GalleryItem item = new GalleryItem();
        item.name = name != null ? name : displayName(uri);
        item.truth = engine.spec.labels.indexOf(folder != null ? folder : parentFolder(uri));
        try (InputStream in = context.getContentResolver().openInputStream(uri)) {
            if (in == null) throw new IOException();
            Engine.Answer answer = engine.classifyAndKeep(Rgb.decode(Assets.readAll(in)));
            item.scores = answer.scores;
            item.seen = answer.seen.toBitmap();
        } catch (Problem problem) {
            item.problem = problem.in(context);
        } catch (OutOfMemoryError e) {
            item.problem = context.getString(R.string.problem_too_large);
        } catch (IOException | SecurityException e) {
            item.problem = context.getString(R.string.problem_unreadable);
        }
        return item;
    }

    private String displayName(Uri uri) {
        try (Cursor cursor = context.getContentResolver().query(uri, new String[] {OpenableColumns.DISPLAY_NAME}, null, null, null)) {
            if (cursor != null && cursor.moveToFirst() && cursor.getString(0) != null) return cursor.getString(0);
        } catch (RuntimeException unknown) {
            // some providers know no names
        }
        return fileName(uri);
    }

    /** "primary:DCIM/leaves/3.jpg" -> "3.jpg". */
    static String fileName(Uri uri) {
        String path = String.valueOf(uri.getLastPathSegment());
        return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf(':')) + 1);
    }

    /** Where a document's id or address shows its path, the name of the folder that it lies in; else null. */
    static String parentFolder(Uri uri) {
        String path = uri.getLastPathSegment();
        if ("file".equals(uri.getScheme())) path = uri.getPath();
        String[] parts = path == null ? new String[0] : path.split("[/:]");
        return parts.length < 2 ? null : parts[parts.length - 2];
    }

    /** All pictures of a folder and of the folders in it; a picture's folder is its true label where a label is called so. */
    void addFolder(Uri tree) {
        remaining++;
        changed();
        thread.execute(() -> {
            List<Runnable> found = new ArrayList<>();
            try {
                list(tree, DocumentsContract.getTreeDocumentId(tree), parentFolder(tree.buildUpon().appendPath("x").build()), found);
            } catch (RuntimeException gone) {
                found.clear();
            }
            main.post(() -> {
                for (Runnable add : found) add.run();
                remaining--;
                changed();
            });
        });
    }

    private void list(Uri tree, String id, String folder, List<Runnable> found) {
        ContentResolver resolver = context.getContentResolver();
        Uri children = DocumentsContract.buildChildDocumentsUriUsingTree(tree, id);
        String[] columns = {DocumentsContract.Document.COLUMN_DOCUMENT_ID, DocumentsContract.Document.COLUMN_DISPLAY_NAME,
            DocumentsContract.Document.COLUMN_MIME_TYPE};
        try (Cursor cursor = resolver.query(children, columns, null, null, null)) {
            while (cursor != null && cursor.moveToNext() && found.size() < MOST_FILES) {
                String child = cursor.getString(0);
                String name = cursor.getString(1);
                String type = String.valueOf(cursor.getString(2));
                if (DocumentsContract.Document.MIME_TYPE_DIR.equals(type)) {
                    list(tree, child, name, found);
                } else if (type.startsWith("image/")) {
                    Uri uri = DocumentsContract.buildDocumentUriUsingTree(tree, child);
                    found.add(() -> addOne(uri, folder == null ? name : folder + "/" + name, folder));
                }
            }
        }
    }

    /** Where answers wait while the system has thrown the app out of memory; the cache, so that nothing piles up. */
    private File kept() {
        return new File(context.getCacheDir(), "gallery.json");
    }

    /** Keeps the answers, without the pictures. True when it could. */
    boolean keep() {
        JSONArray list = new JSONArray();
        try (FileOutputStream out = new FileOutputStream(kept())) {
            for (GalleryItem item : items) list.put(item.toJson());
            out.write(new JSONObject().put("model", engine.spec.modelSha256).put("items", list).toString().getBytes(StandardCharsets.UTF_8));
            return true;
        } catch (IOException | JSONException e) {
            return false;
        }
    }

    /** Brings back what keep() kept, unless it is another model's. */
    void restore() {
        try (FileInputStream in = new FileInputStream(kept())) {
            JSONObject json = new JSONObject(new String(Assets.readAll(in), StandardCharsets.UTF_8));
            if (!engine.spec.modelSha256.equals(json.getString("model"))) return;
            JSONArray list = json.getJSONArray("items");
            for (int i = 0; i < list.length(); i++) items.add(GalleryItem.of(list.getJSONObject(i)));
        } catch (IOException | JSONException nothingKept) {
            items.clear();
        }
    }

    void dropPictures() {
        for (GalleryItem item : items) item.seen = null;
        changed();
    }

    void stop() {
        thread.shutdownNow();
    }
}
