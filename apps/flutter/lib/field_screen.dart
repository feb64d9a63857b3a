// The field test: a class, a distance, a place in the square, a background, n shots by the system's camera. Opens after a
// green self-check.
import 'dart:io';

import 'package:flutter/material.dart';
import 'package:flutter/services.dart';
import 'package:image_picker/image_picker.dart';

import 'engine.dart';
import 'field_log.dart';
import 'phone_record.dart';
import 'tally.dart';
import 'words.dart';

class FieldScreen extends StatefulWidget {
  const FieldScreen({super.key, required this.engine, required this.log, required this.checked});

  final Engine engine;
  final FieldLog log;
  final bool checked; // the self-check is green

  @override
  State<FieldScreen> createState() => _FieldScreenState();
}

class _FieldScreenState extends State<FieldScreen> {
  final ImagePicker picker = ImagePicker();
  int label = 0;
  String distance = distances.first;
  String place = places.first;
  String background = backgrounds.first;
  int wanted = 5;
  Series? series; // nothing: the form is shown
  int taken = 0;
  bool working = false;
  String last = '';
  String problem = '';

  FieldLog get log => widget.log;
  List<String> get labels => widget.engine.spec.labels;

  void begin() => setState(() {
        series = Series(log.nextSeries, labels[label], distance, place, background);
        taken = 0;
        last = '';
        problem = '';
      });

  void end() => setState(() => series = null);

  /// Where there is no camera (computers), a picture from a file.
  Future<void> shoot(Series series) async {
    final source = picker.supportsImageSource(ImageSource.camera) ? ImageSource.camera : ImageSource.gallery;
    setState(() {
      working = true;
      problem = '';
    });
    try {
      final photo = await picker.pickImage(source: source, requestFullMetadata: false);
      if (photo != null) await keep(series, await widget.engine.classifyFile(await photo.readAsBytes()));
    } on Problem catch (error) {
      problem = t(error.key);
    } on PlatformException {
      problem = t('problem_camera');
    } on FileSystemException {
      problem = t('problem_unreadable');
    }
    if (mounted) setState(() => working = false);
  }

  Future<void> keep(Series series, Answer answer) async {
    final shot = series.shot(widget.engine, answer);
    if (!await log.add(shot)) throw Problem('problem_save');
    taken += 1;
    last = t(shot['label'] == shot['predicted'] ? 'shot_right' : 'shot_wrong', [widget.engine.label(answer), percent(answer.top)]);
    if (taken >= wanted) this.series = null;
  }

  Future<void> undo() async {
    if (await log.removeLast() && mounted) {
      setState(() {
        taken -= 1;
        last = '';
      });
    }
  }

  Future<void> clear() async {
    final sure = await showDialog<bool>(
        context: context,
        builder: (context) => AlertDialog(content: Text(t('clear_question')), actions: [
              TextButton(onPressed: () => Navigator.of(context).pop(false), child: Text(t('cancel'))),
              TextButton(onPressed: () => Navigator.of(context).pop(true), child: Text(t('clear_shots'))),
            ]));
    if (sure == true && await log.clear() && mounted) setState(() => last = '');
  }

  Future<void> copy() async {
    final messenger = ScaffoldMessenger.of(context);
    await Clipboard.setData(ClipboardData(text: log.record));
    messenger.showSnackBar(SnackBar(content: Text(t('copied'))));
  }

  @override
  Widget build(BuildContext context) {
    final series = this.series;
    return ListView(padding: const EdgeInsets.all(12), children: [
      if (!widget.checked) Text(t('check_first')),
      if (widget.checked && series == null) ...form(),
      if (widget.checked && series != null) ...shooting(series),
      if (problem.isNotEmpty) Text(problem, style: const TextStyle(color: Colors.red)),
      Text(last, style: const TextStyle(fontWeight: FontWeight.bold)),
      const Divider(),
      ...soFar(),
    ]);
  }

  List<Widget> form() => [
        Text(t('field_what')),
        choice('choose_label', List.generate(labels.length, (i) => i), label, (i) => labels[i], (i) => label = i),
        choice('choose_distance', distances, distance, (value) => t('field_$value'), (value) => distance = value),
        choice('choose_place', places, place, (value) => t('field_$value'), (value) => place = value),
        choice('choose_background', backgrounds, background, (value) => t('field_$value'), (value) => background = value),
        choice('choose_count', const [1, 5, 10, 20], wanted, (count) => '$count', (count) => wanted = count),
        FilledButton(onPressed: begin, child: Text(t('begin_series'))),
      ];

  Widget choice<T>(String title, List<T> values, T chosen, String Function(T) named, void Function(T) choose) => ListTile(
        title: Text(t(title)),
        trailing: DropdownButton<T>(
          value: chosen,
          items: [for (final value in values) DropdownMenuItem(value: value, child: Text(named(value)))],
          onChanged: (value) {
            if (value != null) setState(() => choose(value));
          },
        ),
      );

  List<Widget> shooting(Series series) => [
        Text(t('field_step', [
          taken + 1,
          wanted,
          series.label,
          t('field_${series.distance}'),
          t('field_${series.place}'),
          t('field_${series.background}'),
        ])),
        if (working) const LinearProgressIndicator(),
        Wrap(spacing: 12, runSpacing: 8, children: [
          FilledButton(onPressed: working ? null : () => shoot(series), child: Text(t('shoot'))),
          OutlinedButton(onPressed: working || taken == 0 ? null : undo, child: Text(t('undo'))),
          OutlinedButton(onPressed: working ? null : end, child: Text(t('end_series'))),
        ]),
      ];

  List<Widget> soFar() {
    if (log.shots.isEmpty) return [Text(t('field_none'))];
    final file = log.file;
    return [
      Text(log.tally.text),
      if (file != null && downloads() != null) SelectableText(t('saved', [file.path])),
      Wrap(spacing: 12, children: [
        OutlinedButton(onPressed: copy, child: Text(t('copy_record'))),
        OutlinedButton(onPressed: working || series != null ? null : clear, child: Text(t('clear_shots'))),
      ]),
    ];
  }
}
