// The gallery app: pictures from files or from the camera's app, their answers, a tally, CSV; the field test. When the app's
// files do not fit together it says so and answers nothing.
import 'package:flutter/material.dart';

import 'about_screen.dart';
import 'check_screen.dart';
import 'engine.dart';
import 'field_log.dart';
import 'field_screen.dart';
import 'gallery_screen.dart';
import 'words.dart';

Future<void> main() async {
  WidgetsFlutterBinding.ensureInitialized();
  Engine? engine;
  FieldLog? log;
  var problem = '';
  try {
    engine = await Engine.load();
    log = await FieldLog.open(engine.spec);
  } on Problem catch (error) {
    problem = t(error.key);
  } catch (error) {
    problem = error.toString();
  }
  runApp(HandlensApp(engine: engine, log: log, problem: problem));
}

class HandlensApp extends StatelessWidget {
  const HandlensApp({super.key, required this.engine, required this.log, required this.problem});

  final Engine? engine;
  final FieldLog? log;
  final String problem;

  @override
  Widget build(BuildContext context) {
    const green = Color(0xff14532d);
    final engine = this.engine;
    final log = this.log;
    return MaterialApp(
      title: engine?.spec.name ?? 'handlens',
      theme: ThemeData(colorScheme: ColorScheme.fromSeed(seedColor: green)),
      darkTheme: ThemeData(colorScheme: ColorScheme.fromSeed(seedColor: green, brightness: Brightness.dark)),
      home: engine == null || log == null ? RefusalScreen(reason: problem) : Screens(engine: engine, log: log),
    );
  }
}

class Screens extends StatefulWidget {
  const Screens({super.key, required this.engine, required this.log});

  final Engine engine;
  final FieldLog log;

  @override
  State<Screens> createState() => _ScreensState();
}

class _ScreensState extends State<Screens> {
  int screen = 0;
  bool checked = false;

  @override
  Widget build(BuildContext context) {
    return Scaffold(
      body: SafeArea(
        // All stay alive: the pictures are still there after a look at another screen.
        child: IndexedStack(index: screen, children: [
          GalleryScreen(engine: widget.engine),
          FieldScreen(engine: widget.engine, log: widget.log, checked: checked),
          CheckScreen(engine: widget.engine, onResult: (passed) => setState(() => checked = passed)),
          AboutScreen(engine: widget.engine),
        ]),
      ),
      bottomNavigationBar: NavigationBar(
        selectedIndex: screen,
        onDestinationSelected: (chosen) => setState(() => screen = chosen),
        destinations: [
          NavigationDestination(icon: const Icon(Icons.photo_library), label: t('gallery')),
          NavigationDestination(icon: const Icon(Icons.straighten), label: t('field_test')),
          NavigationDestination(icon: const Icon(Icons.verified), label: t('self_check')),
          NavigationDestination(icon: const Icon(Icons.info), label: t('about')),
        ],
      ),
    );
  }
}

class RefusalScreen extends StatelessWidget {
  const RefusalScreen({super.key, required this.reason});

  final String reason;

  @override
  Widget build(BuildContext context) {
    return Scaffold(
      body: Center(
        child: Padding(
          padding: const EdgeInsets.all(24),
          child: Column(mainAxisSize: MainAxisSize.min, children: [
            const Icon(Icons.warning, size: 48),
            Text(t('refuse_title'), style: Theme.of(context).textTheme.titleLarge),
            Text(reason, textAlign: TextAlign.center),
          ]),
        ),
      ),
    );
  }
}
