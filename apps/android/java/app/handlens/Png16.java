package app.handlens;

import java.io.ByteArrayOutputStream;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * A PNG of 16 bits a channel as one of 8, each value cut to its upper byte (docs/pixels.md, section 1). Android would
 * decode it to half floats, which have lost the exact bytes. W3C PNG, sections 8 to 10.
 */
final class Png16 {
    private static final int[][] ADAM7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};

    private Png16() {}

    /** The file itself when it is broken: the decoder says so. */
    static byte[] toEight(byte[] file) {
        try {
            return converted(file);
        } catch (DataFormatException | IndexOutOfBoundsException e) {
            return file;
        }
    }

    private static byte[] converted(byte[] file) throws DataFormatException {
        int width = PlainFile.big(file, 16);
        int height = PlainFile.big(file, 20);
        int colour = file[25];
        int channels = colour == 0 ? 1 : colour == 2 ? 3 : colour == 4 ? 2 : 4;
        boolean interlaced = file[28] == 1;
        if (width < 1 || height < 1 || (long) width * height * channels > 500_000_000L) throw new DataFormatException();
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (int at = 8; at + 12 <= file.length; at += PlainFile.big(file, at) + 12) {
            if (PlainFile.ascii(file, at + 4, 4).equals("IDAT")) packed.write(file, at + 8, PlainFile.big(file, at));
        }
        Inflater inflater = new Inflater();
        inflater.setInput(packed.toByteArray());
        byte[] eight = new byte[(width * channels + 1) * height];  // filter 0 in front of each row
        for (int[] pass : interlaced ? ADAM7 : new int[][] {{0, 0, 1, 1}}) readPass(inflater, pass, width, height, channels, eight);
        inflater.end();
        return write(file, eight);
    }

    private static void readPass(Inflater inflater, int[] pass, int width, int height, int channels, byte[] eight)
            throws DataFormatException {
        int columns = (width - pass[0] + pass[2] - 1) / pass[2];
        int rows = (height - pass[1] + pass[3] - 1) / pass[3];
        if (columns <= 0 || rows <= 0) return;
        int pixel = channels * 2;
        byte[] above = new byte[columns * pixel];
        byte[] row = new byte[columns * pixel + 1];
        for (int y = 0; y < rows; y++) {
            for (int got = 0; got < row.length; ) {
                int n = inflater.inflate(row, got, row.length - got);
                if (n == 0) throw new DataFormatException("ends early");
                got += n;
            }
            unfilter(row, above, pixel);
            System.arraycopy(row, 1, above, 0, above.length);
            int line = (pass[1] + y * pass[3]) * (width * channels + 1) + 1;
            for (int x = 0; x < columns; x++) {
                for (int c = 0; c < channels; c++) {
                    eight[line + (pass[0] + x * pass[2]) * channels + c] = above[x * pixel + 2 * c];
                }
            }
        }
    }

    private static void unfilter(byte[] row, byte[] above, int pixel) throws DataFormatException {
        if (row[0] < 0 || row[0] > 4) throw new DataFormatException("filter");
        for (int i = 0; i < above.length; i++) {
            int left = i < pixel ? 0 : row[i - pixel + 1] & 255;
            int up = above[i] & 255;
            int corner = i < pixel ? 0 : above[i - pixel] & 255;
            int guess;
            switch (row[0]) {
                case 1:
                    guess = left;
                    break;
                case 2:
                    guess = up;
                    break;
                case 3:
                    guess = (left + up) / 2;
                    break;
                case 4:
                    guess = paeth(left, up, corner);
                    break;
                default:
                    guess = 0;
            }
            row[i + 1] += (byte) guess;
        }
    }

    private static int paeth(int a, int b, int c) {
        int p = a + b - c;
        int pa = Math.abs(p - a);
        int pb = Math.abs(p - b);
        int pc = Math.abs(p - c);
        return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    }

    private static byte[] write(byte[] file, byte[] eight) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(file, 0, 8);
        byte[] head = new byte[13];
        System.arraycopy(file, 16, head, 0, 13);
        head[8] = 8;
        head[12] = 0;
        chunk(out, "IHDR", head, head.length);
        Deflater deflater = new Deflater(Deflater.BEST_SPEED);
        deflater.setInput(eight);
        deflater.finish();
        byte[] part = new byte[1 << 16];
        while (!deflater.finished()) chunk(out, "IDAT", part, deflater.deflate(part));
        deflater.end();
        chunk(out, "IEND", new byte[0], 0);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        big(out, length);
        for (int i = 0; i < 4; i++) {
            out.write(type.charAt(i));
            crc.update(type.charAt(i));
        }
        out.write(bytes, 0, length);
        crc.update(bytes, 0, length);
        big(out, (int) crc.getValue());
    }

    private static void big(ByteArrayOutputStream out, int value) {
        for (int shift = 24; shift >= 0; shift -= 8) out.write(value >>> shift);
    }
}
