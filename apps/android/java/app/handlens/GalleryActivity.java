package app.handlens;

import android.Manifest;
import android.app.AlertDialog;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.os.Bundle;
import android.provider.MediaStore;
import android.view.View;
import android.widget.Button;
import android.widget.LinearLayout;
import android.widget.ListView;
import android.widget.ProgressBar;
import android.widget.TextView;
import android.widget.Toast;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Pictures of the phone, one or many, with their answers and, where true labels are known, the tally. */
public final class GalleryActivity extends Screen implements GalleryWork.Watcher {
    private static final float LARGE_FONT = 1.3f;
    private static final String KEPT = "kept";
    private static final int PICK = 1;
    private static final int PICK_FOLDER = 2;
    private static final int TAKE = 3;
    private static final String TAKEN = "taken";

    private GalleryWork work;
    private GalleryAdapter adapter;
    private TextView summary;
    private ProgressBar progress;
    private Button share;
    private Uri taken;   // where the camera app puts its picture

    @Override
    int layout() {
        return R.layout.gallery;
    }

    @Override
    int title() {
        return R.string.gallery;
    }

    @Override
    int tab() {
        return R.id.to_gallery;
    }

    @Override
    void start(Bundle saved) {
        Object kept = getLastNonConfigurationInstance();
        work = kept instanceof GalleryWork ? (GalleryWork) kept : new GalleryWork(getApplicationContext(), engine());
        if (kept == null && saved != null && saved.getBoolean(KEPT)) work.restore();
        if (saved != null) taken = saved.getParcelable(TAKEN);
        summary = findViewById(R.id.summary);
        progress = findViewById(R.id.progress);
        share = findViewById(R.id.share);
        adapter = new GalleryAdapter(this, engine().spec, work.items(), this::askTruth,
                item -> WhyDialog.show(this, engine(), Rgb.of(item.seen), item.scores));
        ListView list = findViewById(R.id.list);
        list.setAdapter(adapter);
        list.setEmptyView(findViewById(R.id.empty));
        findViewById(R.id.pick).setOnClickListener(view -> pick());
        findViewById(R.id.pick_folder).setOnClickListener(view -> launch(new Intent(Intent.ACTION_OPEN_DOCUMENT_TREE), PICK_FOLDER));
        findViewById(R.id.take).setOnClickListener(view -> take());
        share.setOnClickListener(view -> Export.share(this, "handlens-gallery.csv", "text/csv", Tally.csv(engine().spec, work.items())));
        if (getResources().getConfiguration().fontScale > LARGE_FONT) stack(findViewById(R.id.buttons));
        work.watch(this);
        onChanged();
    }

    /** One button below the other, so that large letters do not break their words. */
    private static void stack(LinearLayout buttons) {
        buttons.setOrientation(LinearLayout.VERTICAL);
        for (int i = 0; i < buttons.getChildCount(); i++) {
            buttons.getChildAt(i).setLayoutParams(new LinearLayout.LayoutParams(
                    LinearLayout.LayoutParams.MATCH_PARENT, LinearLayout.LayoutParams.WRAP_CONTENT));
        }
    }

    private void pick() {
        Intent many = new Intent(Intent.ACTION_GET_CONTENT).setType("image/*").addCategory(Intent.CATEGORY_OPENABLE);
        launch(many.putExtra(Intent.EXTRA_ALLOW_MULTIPLE, true), PICK);
    }

    /** By the phone's own camera app. An app that may use the camera itself must have been allowed to, the system says. */
    private void take() {
        if (checkSelfPermission(Manifest.permission.CAMERA) != PackageManager.PERMISSION_GRANTED) {
            requestPermissions(new String[] {Manifest.permission.CAMERA}, TAKE);
            return;
        }
        taken = ExportProvider.newPicture(this);
        Intent intent = new Intent(MediaStore.ACTION_IMAGE_CAPTURE).putExtra(MediaStore.EXTRA_OUTPUT, taken);
        intent.setClipData(ClipData.newRawUri("", taken));
        intent.addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION | Intent.FLAG_GRANT_READ_URI_PERMISSION);
        try {
            startActivityForResult(intent, TAKE);
        } catch (ActivityNotFoundException none) {
            Toast.makeText(this, R.string.no_camera_app, Toast.LENGTH_LONG).show();
        }
    }

    @Override
    public void onRequestPermissionsResult(int code, String[] permissions, int[] results) {
        super.onRequestPermissionsResult(code, permissions, results);
        if (results.length == 0) return;  // the question was interrupted, not answered
        if (results[0] == PackageManager.PERMISSION_GRANTED) take();
        else Toast.makeText(this, R.string.camera_refused, Toast.LENGTH_LONG).show();
    }

    private void launch(Intent intent, int code) {
        try {
            startActivityForResult(intent, code);
        } catch (ActivityNotFoundException none) {
            if (code == PICK && !Intent.ACTION_PICK.equals(intent.getAction())) {
                launch(new Intent(Intent.ACTION_PICK).setType("image/*"), PICK);
            } else {
                Toast.makeText(this, R.string.no_picker, Toast.LENGTH_LONG).show();
            }
        }
    }

    @Override
    protected void onActivityResult(int code, int result, Intent data) {
        super.onActivityResult(code, result, data);
        if (work == null || result != RESULT_OK) return;
        if (code == TAKE) {
            if (taken != null) work.add(Collections.singletonList(taken));
            return;
        }
        if (data == null) return;
        if (code == PICK_FOLDER && data.getData() != null) {
            work.addFolder(data.getData());
        } else {
            work.add(chosen(data));
        }
    }

    private static List<Uri> chosen(Intent data) {
        List<Uri> uris = new ArrayList<>();
        ClipData clip = data.getClipData();
        for (int i = 0; clip != null && i < clip.getItemCount(); i++) {
            if (clip.getItemAt(i).getUri() != null) uris.add(clip.getItemAt(i).getUri());
        }
        if (uris.isEmpty() && data.getData() != null) uris.add(data.getData());
        return uris;
    }

    private void askTruth(GalleryItem item) {
        List<String> choices = new ArrayList<>(engine().spec.labels);
        choices.add(getString(R.string.truth_unknown));
        new AlertDialog.Builder(this)
                .setTitle(R.string.truth_question)
                .setItems(choices.toArray(new String[0]), (dialog, which) -> {
                    item.truth = which < engine().spec.labels.size() ? which : GalleryItem.UNKNOWN;
                    onChanged();
                })
                .show();
    }

    @Override
    public void onChanged() {
        adapter.notifyDataSetChanged();
        Tally tally = Tally.of(work.items());
        int running = work.remaining();
        progress.setVisibility(running > 0 ? View.VISIBLE : View.GONE);
        progress.setMax(work.items().size() + running);
        progress.setProgress(work.items().size());
        share.setEnabled(!work.items().isEmpty());
        summary.setText(tally.text(this, work.items().size()));
    }

    @Override
    public Object onRetainNonConfigurationInstance() {
        return work;
    }

    @Override
    protected void onSaveInstanceState(Bundle out) {
        super.onSaveInstanceState(out);
        out.putParcelable(TAKEN, taken);
        if (work != null && !work.items().isEmpty()) out.putBoolean(KEPT, work.keep());
    }

    @Override
    public void onTrimMemory(int level) {
        super.onTrimMemory(level);
        if (work != null && level >= TRIM_MEMORY_RUNNING_LOW) work.dropPictures();
    }

    @Override
    protected void onDestroy() {
        if (work != null) work.watch(null);
        if (work != null && !isChangingConfigurations()) work.stop();
        super.onDestroy();
    }
}
