package app.handlens;

import android.content.res.AssetManager;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** Runs the golden vectors of the pixel contract that the app carries (assets/golden, apps/contract/README.md). */
final class Golden {
    int count;
    int equal;
    int withinBound;         // JPEG files, whose decoder may differ by a few levels
    long differingBytes;     // of vectors that must be equal
    int largestDifference;   // of JPEG files, in levels
    final List<String> failed = new ArrayList<>();

    private final AssetManager assets;
    private final byte[] vectors;

    private Golden(AssetManager assets) throws IOException {
        this.assets = assets;
        vectors = Assets.bytes(assets, "golden/vectors.bin");
    }

    static Golden run(AssetManager assets) throws IOException, JSONException {
        JSONObject manifest = new JSONObject(Assets.text(assets, "golden/manifest.json"));
        Golden golden = new Golden(assets);
        JSONArray list = manifest.getJSONArray("vectors");
        if (manifest.getInt("count") != list.length()) golden.failed.add("count");
        for (int i = 0; i < list.length(); i++) golden.runOne(list.getJSONObject(i));
        return golden;
    }

    boolean passed() {
        return failed.isEmpty() && count > 0;
    }

    private byte[] part(JSONObject vector, String name) throws JSONException {
        JSONArray at = vector.getJSONArray(name);
        return Arrays.copyOfRange(vectors, at.getInt(0), at.getInt(0) + at.getInt(1));
    }

    private void runOne(JSONObject vector) throws JSONException {
        byte[] expected = part(vector, "expected");
        int bound = vector.optInt("bound", 0);
        byte[] got;
        try {
            got = compute(vector, expected.length);
        } catch (IOException | Problem | RuntimeException e) {
            got = null;
        }
        count++;
        int different = 0;
        int largest = 0;
        for (int i = 0; i < expected.length; i++) {
            int apart = got == null || got.length != expected.length ? 255 : Math.abs((got[i] & 255) - (expected[i] & 255));
            if (apart > 0) different++;
            largest = Math.max(largest, apart);
        }
        if (different == 0) equal++;
        else if (bound > 0 && largest <= bound) withinBound++;
        else failed.add(vector.getString("kind") + " " + vector.getInt("id"));
        if (bound > 0) largestDifference = Math.max(largestDifference, largest);
        else differingBytes += different;
    }

    private static byte[] take(ByteBuffer buffer, int length) {
        byte[] bytes = new byte[length];
        ByteBuffer from = buffer.duplicate();
        Assets.rewind(from);
        from.get(bytes);
        return bytes;
    }

    private byte[] compute(JSONObject v, int length) throws JSONException, IOException, Problem {
        ByteBuffer out = ByteBuffer.allocateDirect(length);
        int width = v.optInt("width");
        int height = v.optInt("height");
        int status;
        switch (v.getString("kind")) {
            case "fit_resize":
                int fit = Arrays.asList("crop", "stretch", "letterbox").indexOf(v.getString("fit"));
                int n = v.getInt("n");
                ByteBuffer scratch = ByteBuffer.allocateDirect((int) Math.max(1, Native.fitResizeScratch(width, height, n, fit)));
                status = Native.fitResize(Assets.direct(part(v, "rgb")), width, height, n, fit, out, scratch);
                break;
            case "rotate":
                status = Native.rotate(Assets.direct(part(v, "rgb")), width, height, v.getInt("degrees"), out);
                break;
            case "orient":
                status = Native.orient(Assets.direct(part(v, "rgb")), width, height, v.getInt("orientation"), out);
                break;
            case "yuv":
                int[] layout = {v.getInt("y_row_stride"), v.getInt("y_pixel_stride"), v.getInt("uv_row_stride"),
                    v.getInt("uv_pixel_stride"), width, height};
                status = Native.yuvToRgb(Assets.direct(part(v, "y")), Assets.direct(part(v, "u")), Assets.direct(part(v, "v")), layout, out);
                break;
            case "feed_float":
                byte[] bytes = part(v, "bytes");
                status = Native.feedFloat(Assets.direct(bytes), bytes.length, out);
                break;
            default:
                return decoded(v, width, height);
        }
        return status == 0 ? take(out, length) : null;
    }

    private byte[] decoded(JSONObject v, int width, int height) throws JSONException, IOException, Problem {
        Rgb rgb = Rgb.decode(Assets.bytes(assets, "golden/" + v.getString("file")));
        return rgb.width == width && rgb.height == height ? take(rgb.bytes, width * height * 3) : null;
    }
}
