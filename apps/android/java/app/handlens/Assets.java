package app.handlens;

import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import java.io.ByteArrayOutputStream;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Reading files of the app and hashing bytes. */
final class Assets {
    private Assets() {}

    static byte[] readAll(InputStream in) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] part = new byte[1 << 16];
        for (int n = in.read(part); n >= 0; n = in.read(part)) out.write(part, 0, n);
        return out.toByteArray();
    }

    static byte[] bytes(AssetManager assets, String name) throws IOException {
        try (InputStream in = assets.open(name)) {
            return readAll(in);
        }
    }

    static String text(AssetManager assets, String name) throws IOException {
        return new String(bytes(assets, name), StandardCharsets.UTF_8);
    }

    /** As a Buffer: ByteBuffer has a method of its own for it only since Android 13, and compilers would call that one. */
    static void rewind(Buffer buffer) {
        buffer.rewind();
    }

    static ByteBuffer direct(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(Math.max(1, bytes.length));
        buffer.put(bytes);
        rewind(buffer);
        return buffer;
    }

    /** The file mapped into memory, since it is stored and not compressed; read where it cannot be mapped. */
    static ByteBuffer map(AssetManager assets, String name) throws IOException {
        try (AssetFileDescriptor file = assets.openFd(name);
                FileInputStream in = new FileInputStream(file.getFileDescriptor())) {
            return in.getChannel().map(FileChannel.MapMode.READ_ONLY, file.getStartOffset(), file.getLength());
        } catch (IOException notStored) {
            return direct(bytes(assets, name));
        }
    }

    static String sha256(ByteBuffer bytes) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(bytes.duplicate());
            StringBuilder hex = new StringBuilder();
            for (byte b : digest.digest()) hex.append(Character.forDigit(b >> 4 & 15, 16)).append(Character.forDigit(b & 15, 16));
            return hex.toString();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);  // every Android has SHA-256
        }
    }
}
