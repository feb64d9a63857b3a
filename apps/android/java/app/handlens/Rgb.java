package app.handlens;

import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.media.ExifInterface;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An upright 8-bit RGB picture in a direct buffer (docs/pixels.md). All arithmetic is the native library's. */
final class Rgb {
    private static final long MOST_PIXELS = 200_000_000L;
    // Where red is among a bitmap's 4 bytes: phones have R, G, B, A; the JVM that tests this code has B, G, R, A.
    private static final int RED = redByte();

    final int width;
    final int height;
    final ByteBuffer bytes;

    Rgb(int width, int height, ByteBuffer bytes) {
        this.width = width;
        this.height = height;
        this.bytes = bytes;
    }

    private static int redByte() {
        Bitmap one = Bitmap.createBitmap(1, 1, Bitmap.Config.ARGB_8888);
        one.setPixel(0, 0, 0xffff0000);
        ByteBuffer bytes = ByteBuffer.allocateDirect(4);
        one.copyPixelsToBuffer(bytes);
        return bytes.get(0) != 0 ? 0 : 2;
    }

    static Rgb empty(int width, int height) {
        return new Rgb(width, height, ByteBuffer.allocateDirect(width * height * 3));
    }

    /** Decodes a file as section 1 of the contract says, EXIF orientation applied, colour profiles ignored. */
    static Rgb decode(byte[] file) throws Problem {
        byte[] plain = PlainFile.of(file);
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inJustDecodeBounds = true;
        BitmapFactory.decodeByteArray(plain, 0, plain.length, options);
        if (options.outWidth < 1) throw new Problem(R.string.problem_not_a_picture);
        if ((long) options.outWidth * options.outHeight > MOST_PIXELS) throw new Problem(R.string.problem_too_large);
        try {
            Rgb rgb = flattened(plain);
            return rgb.oriented(orientation(file));
        } catch (OutOfMemoryError e) {
            throw new Problem(R.string.problem_too_large);
        }
    }

    private static Rgb flattened(byte[] plain) throws Problem {
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inPremultiplied = false;  // else colours under alpha are rounded twice
        options.inScaled = false;
        options.inPreferredConfig = Bitmap.Config.ARGB_8888;
        Bitmap bitmap = BitmapFactory.decodeByteArray(plain, 0, plain.length, options);
        if (bitmap == null) throw new Problem(R.string.problem_not_a_picture);
        if (bitmap.getConfig() != Bitmap.Config.ARGB_8888) {
            Bitmap eight = bitmap.copy(Bitmap.Config.ARGB_8888, false);
            bitmap.recycle();
            bitmap = eight;
        }
        Rgb rgb = of(bitmap);
        bitmap.recycle();
        return rgb;
    }

    /** Of a bitmap of 4 bytes a pixel. */
    static Rgb of(Bitmap bitmap) {
        int width = bitmap.getWidth();
        int height = bitmap.getHeight();
        ByteBuffer bytes = ByteBuffer.allocateDirect(width * height * 4);
        bitmap.copyPixelsToBuffer(bytes);  // the stored values; getPixels would convert colours
        Assets.rewind(bytes);
        Native.flatten(bytes, width * height, RED);
        return new Rgb(width, height, bytes);
    }

    /** BitmapFactory does not look at it, so it is read and applied here. */
    private static int orientation(byte[] file) {
        try {
            return new ExifInterface(new ByteArrayInputStream(file)).getAttributeInt(ExifInterface.TAG_ORIENTATION, 1);
        } catch (IOException | RuntimeException e) {
            return 1;
        }
    }

    Rgb oriented(int orientation) {
        if (orientation < 2 || orientation > 8) return this;
        Rgb out = orientation < 5 ? empty(width, height) : empty(height, width);
        Native.orient(bytes, width, height, orientation, out.bytes);
        return out;
    }

    /** Turned clockwise by 0, 90, 180 or 270 degrees; `out` is used again when it fits, may be null. */
    Rgb rotated(int degrees, Rgb out) {
        int w = degrees % 180 == 0 ? width : height;
        int h = degrees % 180 == 0 ? height : width;
        Rgb result = out != null && out.width == w && out.height == h ? out : empty(w, h);
        Native.rotate(bytes, width, height, degrees, result.bytes);
        return result;
    }

    /** The n x n picture that the model sees. */
    Rgb fitted(int n, int fit) {
        Rgb out = empty(n, n);
        ByteBuffer scratch = ByteBuffer.allocateDirect((int) Math.max(1, Native.fitResizeScratch(width, height, n, fit)));
        if (Native.fitResize(bytes, width, height, n, fit, out.bytes, scratch) != 0) throw new IllegalArgumentException();
        return out;
    }

    int count() {
        return width * height;
    }

    Bitmap toBitmap() {
        Bitmap bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888);
        drawOn(bitmap, ByteBuffer.allocateDirect(count() * 4));
        return bitmap;
    }

    /** Copies into a bitmap of the same size; `rgba` has room for 4 bytes a pixel. */
    void drawOn(Bitmap bitmap, ByteBuffer rgba) {
        Native.widen(bytes, count(), RED, rgba);
        Assets.rewind(rgba);
        bitmap.copyPixelsFromBuffer(rgba);
    }
}
