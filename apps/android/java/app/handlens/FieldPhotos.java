package app.handlens;

import android.content.Context;
import android.graphics.Bitmap;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.GregorianCalendar;
import java.util.Locale;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The field test's photographs, where the user wants them kept: each as the model saw it and whole, in the app's own folder
 * until the user deletes them. What leaves is a zip file (docs/formats-app.md), by the user's hand only.
 */
final class FieldPhotos {
    /** As many as `handlens verify --import` takes (src/verify/phones/field_file.h), and less in bytes. */
    static final int MOST = 200;
    private static final long MOST_BYTES = 48_000_000;
    private static final int JPEG_QUALITY = 92;

    private final File folder;

    /** Photographs of another model are not mixed in: the folder's name carries the model's hash. */
    FieldPhotos(Context context, Spec spec) {
        folder = new File(context.getFilesDir(), "field-photos-" + spec.modelSha256.substring(0, Math.min(16, spec.modelSha256.length())));
    }

    private File seen(int number) {
        return new File(folder, String.format(Locale.ROOT, "%03d.png", number));
    }

    private File whole(int number) {
        return new File(folder, String.format(Locale.ROOT, "%03d.jpg", number));
    }

    boolean has(int number) {
        return number > 0 && seen(number).isFile() && whole(number).isFile();
    }

    /** False when it finds no room, be it by our own bound or the phone's. Files hold pixels and nothing else. */
    boolean keep(int number, Rgb model, Bitmap frame, int count) {
        if (count >= MOST || bytes() > MOST_BYTES) return false;
        try {
            if (!folder.isDirectory() && !folder.mkdirs()) return false;
            write(model.toBitmap(), Bitmap.CompressFormat.PNG, seen(number));
            write(frame, Bitmap.CompressFormat.JPEG, whole(number));
            return true;
        } catch (IOException e) {
            forget(number);
            return false;
        }
    }

    private static void write(Bitmap bitmap, Bitmap.CompressFormat format, File file) throws IOException {
        try (FileOutputStream out = new FileOutputStream(file)) {
            if (!bitmap.compress(format, JPEG_QUALITY, out)) throw new IOException(file.getName());
        }
    }

    private File[] files() {
        File[] files = folder.listFiles();
        return files == null ? new File[0] : files;
    }

    private long bytes() {
        long bytes = 0;
        for (File file : files()) bytes += file.length();
        return bytes;
    }

    void forget(int number) {
        seen(number).delete();
        whole(number).delete();
    }

    void clear() {
        for (File file : files()) file.delete();
    }

    /** FIELD.zip: the record and the photographs that its shots name. */
    void zip(FieldLog log, String record, OutputStream to) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(to)) {
            add(zip, "record.json", record.getBytes(StandardCharsets.UTF_8), Deflater.BEST_COMPRESSION);
            for (FieldLog.Shot shot : log.shots()) {
                if (!has(shot.picture)) continue;
                // Pictures are compressed already.
                add(zip, "seen/" + seen(shot.picture).getName(), read(seen(shot.picture)), Deflater.NO_COMPRESSION);
                add(zip, "whole/" + whole(shot.picture).getName(), read(whole(shot.picture)), Deflater.NO_COMPRESSION);
            }
        }
    }

    private static byte[] read(File file) throws IOException {
        try (FileInputStream in = new FileInputStream(file)) {
            return Assets.readAll(in);
        }
    }

    private static void add(ZipOutputStream zip, String name, byte[] bytes, int level) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setTime(new GregorianCalendar(1980, 1, 1).getTimeInMillis());  // says nothing of the user
        zip.setLevel(level);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
