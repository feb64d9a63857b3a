// The self-check: green or red, and what was compared. Its record goes to the clipboard.
import 'package:flutter/material.dart';
import 'package:flutter/services.dart';

import 'engine.dart';
import 'self_check.dart';
import 'words.dart';

class CheckScreen extends StatefulWidget {
  const CheckScreen({super.key, required this.engine, required this.onResult});

  final Engine engine;
  final void Function(bool passed) onResult;

  @override
  State<CheckScreen> createState() => _CheckScreenState();
}

class _CheckScreenState extends State<CheckScreen> {
  SelfCheck? result;
  String problem = '';
  bool running = true;

  @override
  void initState() {
    super.initState();
    run();
  }

  Future<void> again() async {
    setState(() => running = true);
    await run();
  }

  Future<void> run() async {
    try {
      final check = await SelfCheck.run(widget.engine);
      if (!mounted) return;
      setState(() {
        result = check;
        problem = '';
      });
      widget.onResult(check.passed);
    } on Problem catch (error) {
      if (!mounted) return;
      setState(() {
        result = null;
        problem = t(error.key);
      });
      widget.onResult(false);
    }
    if (mounted) setState(() => running = false);
  }

  Future<void> copy(SelfCheck check) async {
    final messenger = ScaffoldMessenger.of(context);
    await Clipboard.setData(ClipboardData(text: check.record(widget.engine.spec)));
    messenger.showSnackBar(SnackBar(content: Text(t('copied'))));
  }

  @override
  Widget build(BuildContext context) {
    final check = result;
    return ListView(padding: const EdgeInsets.all(12), children: [
      Text(t('check_what')),
      if (running) const LinearProgressIndicator(),
      if (problem.isNotEmpty) Text(problem, style: const TextStyle(color: Colors.red)),
      if (check != null) ...[
        Text(t(check.passed ? 'check_passed' : 'check_failed'),
            style: TextStyle(fontWeight: FontWeight.bold, color: check.passed ? Colors.green : Colors.red)),
        Text(t('check_pixels_details', [
          check.golden.equal + check.golden.withinBound,
          check.golden.count,
          check.golden.differingBytes,
          check.golden.largestDifference,
        ])),
        Text(t(check.modelIntact ? 'check_model_right' : 'check_model_wrong')),
        if (check.rows.isEmpty) Text(t('check_no_pictures')),
        for (final row in check.rows) CheckLine(labels: widget.engine.spec.labels, row: row),
      ],
      Wrap(spacing: 12, children: [
        OutlinedButton(onPressed: running ? null : again, child: Text(t('check_again'))),
        OutlinedButton(onPressed: check == null ? null : () => copy(check), child: Text(t('copy_record'))),
      ]),
    ]);
  }
}

class CheckLine extends StatelessWidget {
  const CheckLine({super.key, required this.labels, required this.row});

  final List<String> labels;
  final CheckRow row;

  String named(List<double> scores) => '${labels[bestOf(scores)]} ${scores[bestOf(scores)].toStringAsFixed(4)}';

  @override
  Widget build(BuildContext context) {
    return ListTile(
      leading: Icon(row.right ? Icons.check : Icons.close, color: row.right ? Colors.green : Colors.red),
      title: Text(t('check_picture', [row.label])),
      subtitle: Text('${t('check_computer', [named(row.computer)])}\n'
          '${t('check_here', [named(row.answer.scores), row.difference.toStringAsFixed(6)])}\n'
          '${t(row.sameInput ? 'check_same_input' : 'check_other_input')}'),
    );
  }
}
