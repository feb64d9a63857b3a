// The notice, the model's facts and card, versions.
import 'dart:convert';

import 'package:flutter/material.dart';

import 'engine.dart';
import 'words.dart';

class AboutScreen extends StatefulWidget {
  const AboutScreen({super.key, required this.engine});

  final Engine engine;

  @override
  State<AboutScreen> createState() => _AboutScreenState();
}

class _AboutScreenState extends State<AboutScreen> {
  String card = '';

  @override
  void initState() {
    super.initState();
    load();
  }

  Future<void> load() async {
    String text;
    try {
      text = utf8.decode(await asset('assets/bundle/modelcard.md'), allowMalformed: true);
    } on Problem {
      text = t('no_card');
    }
    if (mounted) setState(() => card = text);
  }

  @override
  Widget build(BuildContext context) {
    final spec = widget.engine.spec;
    return ListView(padding: const EdgeInsets.all(12), children: [
      Text(spec.name, style: Theme.of(context).textTheme.titleLarge),
      if (spec.fact('notice').isNotEmpty) Text(spec.fact('notice')),
      fact('about_model', '${spec.modelFile}, ${spec.fact('model_version')}, ${spec.side} px'),
      fact('about_author', spec.fact('author')),
      fact('about_license', spec.fact('license')),
      fact('about_classes', spec.labels.join(', ')),
      fact('about_hash', spec.modelSha256),
      fact('about_runtime', runtime),
      fact('about_version', appVersion),
      const Divider(),
      SelectableText(card),
      const Divider(),
      Text(t('software'), style: Theme.of(context).textTheme.bodySmall),
    ]);
  }

  Widget fact(String key, String value) => ListTile(dense: true, title: Text(t(key)), subtitle: SelectableText(value));
}
