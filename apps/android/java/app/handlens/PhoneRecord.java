package app.handlens;

import android.content.Context;
import android.content.SharedPreferences;
import android.content.pm.PackageInfo;
import android.content.pm.PackageManager;
import android.os.Build;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.Locale;
import java.util.TimeZone;
import java.util.UUID;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;

/** The record "handlens-phone", version 1 (docs/formats-app.md): what this phone is and what it measured. */
final class PhoneRecord {
    private PhoneRecord() {}

    /** An empty record with the facts; the caller adds self_check or field_test. */
    static JSONObject of(Context context, Engine engine) throws JSONException {
        return new JSONObject()
                .put("format", "handlens-phone")
                .put("version", 1)
                .put("made_at", now())
                .put("app", app(context, engine))
                .put("phone", phone(engine))
                .put("labels", new JSONArray(engine.spec.labels));
    }

    static String now() {
        SimpleDateFormat format = new SimpleDateFormat("yyyy-MM-dd'T'HH:mm:ss'Z'", Locale.ROOT);
        format.setTimeZone(TimeZone.getTimeZone("UTC"));
        return format.format(new Date());
    }

    private static JSONObject app(Context context, Engine engine) throws JSONException {
        String version = "";
        int code = 0;
        try {
            PackageInfo info = context.getPackageManager().getPackageInfo(context.getPackageName(), 0);
            version = info.versionName;
            code = info.versionCode;
        } catch (PackageManager.NameNotFoundException ourselves) {
            version = "?";
        }
        return new JSONObject()
                .put("name", engine.spec.name)
                .put("target", "android")
                .put("id", context.getPackageName())
                .put("version_name", version)
                .put("version_code", code)
                .put("installation", installation(context))
                .put("model_file", engine.spec.modelFile)
                .put("model_sha256", engine.spec.modelSha256)
                .put("input_type", engine.inputType())
                .put("runtime", Native.runtimeVersion())
                .put("path", engine.path());
    }

    /** A random number of this installation, so that records of two phones of one kind are not taken for one phone's. */
    private static String installation(Context context) {
        SharedPreferences settings = context.getSharedPreferences("record", Context.MODE_PRIVATE);
        String known = settings.getString("installation", "");
        if (!known.isEmpty()) return known;
        String fresh = UUID.randomUUID().toString();
        settings.edit().putString("installation", fresh).apply();
        return fresh;
    }

    private static JSONObject phone(Engine engine) throws JSONException {
        return new JSONObject()
                .put("manufacturer", Build.MANUFACTURER)
                .put("model", Build.MODEL)
                .put("android", Build.VERSION.RELEASE)
                .put("sdk", Build.VERSION.SDK_INT)
                .put("build", Build.DISPLAY)  // where makers put the version of their own system, such as EMUI
                .put("abi", Build.SUPPORTED_ABIS.length > 0 ? Build.SUPPORTED_ABIS[0] : "")
                .put("cores", Runtime.getRuntime().availableProcessors());
    }
}
