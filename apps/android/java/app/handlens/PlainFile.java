package app.handlens;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A picture file without what would make Android's decoder change its pixel values: colour profiles, which the pixel
 * contract ignores, and 16 bits a channel, which it cuts to the upper 8 (Png16). Files that are not understood here are
 * returned as they are.
 */
final class PlainFile {
    private static final int PNG_HEAD = 8;

    private PlainFile() {}

    static byte[] of(byte[] file) {
        try {
            if (starts(file, 0xff, 0xd8, 0xff)) return jpeg(file);
            if (starts(file, 0x89, 'P', 'N', 'G')) return png(file);
            if (starts(file, 'R', 'I', 'F', 'F') && file.length > 30 && ascii(file, 8, 8).equals("WEBPVP8X")) return webp(file);
        } catch (IndexOutOfBoundsException broken) {
            return file;  // the decoder says what is wrong with it
        }
        return file;
    }

    private static boolean starts(byte[] file, int... head) {
        if (file.length < head.length) return false;
        for (int i = 0; i < head.length; i++) if ((file[i] & 255) != head[i]) return false;
        return true;
    }

    static int big(byte[] b, int at) {
        return (b[at] & 255) << 24 | (b[at + 1] & 255) << 16 | (b[at + 2] & 255) << 8 | b[at + 3] & 255;
    }

    static String ascii(byte[] b, int at, int length) {
        if (at + length > b.length) throw new IndexOutOfBoundsException();
        return new String(b, at, length, StandardCharsets.ISO_8859_1);
    }

    /** Leaves out the APP2 segments that hold an ICC profile (ITU-T T.81 B.2.4.6, ICC.1 annex B.4). */
    private static byte[] jpeg(byte[] file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        out.write(file, 0, 2);
        int at = 2;
        while ((file[at] & 255) == 0xff && (file[at + 1] & 255) != 0xda) {
            int marker = file[at + 1] & 255;
            if (marker == 0xff) {  // a fill byte
                at++;
                continue;
            }
            int length = 2 + ((file[at + 2] & 255) << 8 | file[at + 3] & 255);
            boolean profile = marker == 0xe2 && length > 16 && ascii(file, at + 4, 11).equals("ICC_PROFILE");
            if (!profile) out.write(file, at, length);
            at += length;
        }
        out.write(file, at, file.length - at);
        return out.toByteArray();
    }

    /** Leaves out iCCP, gAMA, cHRM, sRGB and cICP (W3C PNG, 11.3.2). */
    private static byte[] png(byte[] file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        out.write(file, 0, PNG_HEAD);
        int at = PNG_HEAD;
        while (at + 12 <= file.length) {
            int length = big(file, at);
            if (length < 0 || length > file.length - at - 12) break;
            String type = ascii(file, at + 4, 4);
            boolean colour = type.equals("iCCP") || type.equals("gAMA") || type.equals("cHRM") || type.equals("sRGB")
                    || type.equals("cICP");
            if (!colour) out.write(file, at, length + 12);
            at += length + 12;
        }
        out.write(file, at, file.length - at);
        byte[] plain = out.toByteArray();
        return plain[24] == 16 ? Png16.toEight(plain) : plain;
    }

    /** Leaves out the ICCP chunk and its flag (developers.google.com/speed/webp/docs/riff_container). */
    private static byte[] webp(byte[] file) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(file.length);
        out.write(file, 0, 12);
        int at = 12;
        while (at + 8 <= file.length) {
            int size = Integer.reverseBytes(big(file, at + 4));
            int length = Math.min(8 + size + (size & 1), file.length - at);
            if (size < 0) break;
            if (!ascii(file, at, 4).equals("ICCP")) out.write(file, at, length);
            at += length;
        }
        byte[] plain = out.toByteArray();
        int riff = Integer.reverseBytes(plain.length - 8);
        for (int i = 0; i < 4; i++) plain[4 + i] = (byte) (riff >> (24 - 8 * i));
        plain[20] &= (byte) ~0x20;
        return plain;
    }
}
