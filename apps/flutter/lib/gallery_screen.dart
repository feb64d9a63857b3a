// Pictures and their answers: each as the model saw it, the best three, the true class when it is known; a tally and CSV.
import 'dart:io';
import 'dart:ui' as ui;

import 'package:flutter/material.dart';
import 'package:flutter/services.dart';
import 'package:image_picker/image_picker.dart';

import 'engine.dart';
import 'field_log.dart';
import 'tally.dart';
import 'words.dart';

class GalleryItem {
  GalleryItem(this.name, {this.answer, this.image, this.problem = '', this.truth});

  final String name;
  final Answer? answer;
  final ui.Image? image;
  final String problem;
  int? truth;
}

class GalleryScreen extends StatefulWidget {
  const GalleryScreen({super.key, required this.engine});

  final Engine engine;

  @override
  State<GalleryScreen> createState() => _GalleryScreenState();
}

class _GalleryScreenState extends State<GalleryScreen> {
  final ImagePicker picker = ImagePicker();
  final List<GalleryItem> items = [];
  bool working = false;

  Spec get spec => widget.engine.spec;

  Future<void> pick() async => take(await picker.pickMultiImage(requestFullMetadata: false));

  Future<void> photograph() async {
    final photo = await picker.pickImage(source: ImageSource.camera, requestFullMetadata: false);
    await take([if (photo != null) photo]);
  }

  /// One after another, so that memory holds one large picture at a time.
  Future<void> take(List<XFile> files) async {
    setState(() => working = true);
    for (final file in files) {
      final item = await classified(file);
      if (!mounted) return;
      setState(() => items.add(item));
    }
    setState(() => working = false);
  }

  Future<GalleryItem> classified(XFile file) async {
    try {
      final answer = await widget.engine.classifyFile(await file.readAsBytes());
      return GalleryItem(file.name, answer: answer, image: await answer.seen.image(), truth: truthOf(file.path));
    } on Problem catch (error) {
      return GalleryItem(file.name, problem: t(error.key));
    } on FileSystemException {
      return GalleryItem(file.name, problem: t('problem_unreadable'));
    }
  }

  /// A picture in a folder that is called as a class is of that class (computers only; phones hide the folder).
  int? truthOf(String path) {
    final folders = path.split(RegExp(r'[/\\]'));
    final index = folders.length < 2 ? -1 : spec.labels.indexOf(folders[folders.length - 2]);
    return index < 0 ? null : index;
  }

  Tally get tally {
    final tally = Tally();
    for (final item in items) {
      final answer = item.answer;
      final truth = item.truth;
      if (answer != null && truth != null) tally.add(truth == answer.best);
    }
    return tally;
  }

  String get csv {
    final text = StringBuffer(Csv.line(['picture', 'label', 'predicted', 'milliseconds', 'problem', ...spec.labels.map(Csv.cell)]));
    for (final item in items) {
      final truth = item.truth;
      final head = [Csv.cell(item.name), truth == null ? '' : Csv.cell(spec.labels[truth])];
      final answer = item.answer;
      text.write(answer == null
          ? Csv.line([...head, '', '', Csv.cell(item.problem), ...spec.labels.map((_) => '')])
          : Csv.line([
              ...head,
              Csv.cell(widget.engine.label(answer)),
              answer.milliseconds.toStringAsFixed(2),
              '',
              ...answer.scores.map((score) => '$score'),
            ]));
    }
    return text.toString();
  }

  /// Computers get a file, phones the clipboard: no other way needs no plugin.
  Future<void> export() async {
    final messenger = ScaffoldMessenger.of(context);
    String said;
    final folder = downloads();
    if (folder != null) {
      final file = File('${folder.path}${Platform.pathSeparator}handlens-pictures.csv');
      try {
        await file.writeAsString(csv, flush: true);
        said = t('saved', [file.path]);
      } on FileSystemException {
        said = t('problem_write', [file.path]);
      }
    } else {
      await Clipboard.setData(ClipboardData(text: csv));
      said = t('copied');
    }
    messenger.showSnackBar(SnackBar(content: Text(said)));
  }

  String get status {
    if (items.isEmpty) return t('gallery_empty');
    final count = t('pictures', [items.length]);
    return tally.known == 0 ? '$count. ${t('tally_how')}' : '$count. ${tally.text}';
  }

  @override
  Widget build(BuildContext context) {
    final notice = spec.fact('notice');
    return Column(children: [
      Padding(
        padding: const EdgeInsets.all(12),
        child: Wrap(spacing: 12, runSpacing: 8, children: [
          FilledButton.icon(onPressed: working ? null : pick, icon: const Icon(Icons.photo), label: Text(t('pick'))),
          if (picker.supportsImageSource(ImageSource.camera))
            FilledButton.icon(onPressed: working ? null : photograph, icon: const Icon(Icons.camera_alt), label: Text(t('photograph'))),
          OutlinedButton.icon(
              onPressed: working || items.isEmpty ? null : export, icon: const Icon(Icons.table_chart), label: Text(t('csv'))),
          OutlinedButton.icon(
              onPressed: working || items.isEmpty ? null : () => setState(items.clear), icon: const Icon(Icons.clear), label: Text(t('clear'))),
        ]),
      ),
      if (working) const LinearProgressIndicator(),
      Padding(padding: const EdgeInsets.symmetric(horizontal: 12), child: Text(status)),
      if (notice.isNotEmpty)
        Padding(padding: const EdgeInsets.all(12), child: Text(notice, style: Theme.of(context).textTheme.bodySmall)),
      Expanded(
        child: ListView.builder(
          itemCount: items.length,
          itemBuilder: (context, index) => GalleryRow(
            engine: widget.engine,
            item: items[index],
            onTruth: (truth) => setState(() => items[index].truth = truth),
          ),
        ),
      ),
    ]);
  }
}

class GalleryRow extends StatelessWidget {
  const GalleryRow({super.key, required this.engine, required this.item, required this.onTruth});

  final Engine engine;
  final GalleryItem item;
  final void Function(int? truth) onTruth;

  String headline(Answer answer) {
    final line = '${engine.label(answer)}  ${percent(answer.top)}';
    final mark = item.truth == null ? '' : '  ${t(item.truth == answer.best ? 'right_mark' : 'wrong_mark')}';
    if (engine.refers(answer)) {
      final suspect = engine.spec.referClass;
      return '${t('refer')}: ${t('refer_possibly', [engine.spec.labels[suspect], percent(answer.scores[suspect])])}$mark';
    }
    return (engine.sure(answer) ? line : engine.unsure(answer)) + mark;
  }

  String others(Answer answer) =>
      answer.order.take(3).map((index) => '${engine.spec.labels[index]} ${percent(answer.scores[index])}').join(' · ');

  @override
  Widget build(BuildContext context) {
    final answer = item.answer;
    final image = item.image;
    return ListTile(
      leading: image == null
          ? const Icon(Icons.broken_image, size: 56)
          : Semantics(
              label: t('seen_by_model', [item.name]),
              child: RawImage(image: image, width: 64, height: 64, fit: BoxFit.fill, filterQuality: FilterQuality.none)),
      title: Text(answer == null ? item.problem : headline(answer)),
      subtitle: Column(crossAxisAlignment: CrossAxisAlignment.start, children: [
        if (answer != null) Text(others(answer)),
        Text(item.name),
        DropdownButton<int>(
          value: item.truth ?? -1,
          isDense: true,
          items: [
            DropdownMenuItem(value: -1, child: Text(t('truth_unknown'))),
            for (var i = 0; i < engine.spec.labels.length; i++)
              DropdownMenuItem(value: i, child: Text(t('truth_is', [engine.spec.labels[i]]))),
          ],
          onChanged: (chosen) => onTruth(chosen == null || chosen < 0 ? null : chosen),
        ),
      ]),
    );
  }
}
