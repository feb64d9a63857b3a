// Texts in English and German; {0}, {1} ... stand for values.
import 'dart:ui';

/// Of pubspec.yaml.
const appVersion = 'HANDLENS_VERSION_NAME';

/// What can be said to the user about what went wrong: a key of the tables below.
class Problem implements Exception {
  Problem(this.key);
  final String key;
}

String t(String key, [List<Object> values = const []]) {
  final words = PlatformDispatcher.instance.locale.languageCode == 'de' ? german : english;
  var text = words[key] ?? english[key] ?? key;
  for (var i = 0; i < values.length; i++) {
    text = text.replaceAll('{$i}', '${values[i]}');
  }
  return text;
}

const english = <String, String>{
  'gallery': 'Pictures',
  'self_check': 'Self-check',
  'about': 'About',
  'refuse_title': 'This app cannot run',
  'pick': 'Choose pictures',
  'photograph': 'Take a picture',
  'csv': 'Save as CSV',
  'clear': 'Clear',
  'saved': 'Saved: {0}',
  'copied': 'Copied to the clipboard',
  'gallery_empty': 'No pictures yet.',
  'pictures': '{0} pictures',
  'tally': '{0} of {1} right = {2} % (95 % interval {3} to {4} %)',
  'tally_how': 'Say what the pictures really are, and the answers are counted.',
  'answer_unsure': 'Not sure: {0}',
  'refer': 'Refer to an expert',
  'refer_possibly': 'possibly {0} ({1})',
  'right_mark': '✓ right',
  'wrong_mark': '✗ wrong',
  'truth_is': 'Really: {0}',
  'truth_unknown': 'What is it really?',
  'seen_by_model': '{0}, as the model sees it',
  'check_what': 'Does this device see and answer exactly as the computer did that made the app?',
  'check_passed': '✓ This device answers as the computer did.',
  'check_failed': '✗ This device does not answer as the computer did. Do not trust its answers; send this record to the makers of the app.',
  'check_again': 'Check again',
  'copy_record': 'Copy the record',
  'check_pixels_details': 'Pixels: {0} of {1} test vectors passed; {2} bytes differ; JPEG decoder within {3} levels',
  'check_model_right': 'The model is the one that was packed.',
  'check_model_wrong': 'The model is not the one that was packed.',
  'check_no_pictures': 'The app came without held-out pictures, so no scores could be compared.',
  'check_picture': 'Held-out picture of “{0}”',
  'check_computer': 'Computer: {0}',
  'check_here': 'This device: {0} (differs by {1})',
  'check_same_input': 'The model got the very same bytes.',
  'check_other_input': 'This device decodes the file a little differently.',
  'about_model': 'Model',
  'about_author': 'Author',
  'about_license': 'Licence',
  'about_classes': 'Classes',
  'about_hash': 'SHA-256 of the model',
  'about_runtime': 'Runtime',
  'about_version': 'Version of the app',
  'no_card': 'The app came without a model card.',
  'software': 'Works without a network and sends nothing. Made with handlens (Apache License 2.0).',
  'problem_bundle': 'The files of this app are damaged or missing. Install it again.',
  'problem_newer': 'The model of this app was made for a newer version of the app. Pack it again with the same version of handlens.',
  'problem_input': 'The model does not take pictures of the size that its description says. Pack it again.',
  'problem_labels': 'The names in the model and in the files of this app are not the same. Its answers would carry wrong names, so the app does not start. Pack it again.',
  'problem_not_a_picture': 'Not a picture that this device can read.',
  'problem_unreadable': 'The file cannot be read.',
  'problem_too_large': 'The picture is too large for the memory of this device.',
  'problem_write': '{0} cannot be written.',
};

const german = <String, String>{
  'gallery': 'Bilder',
  'self_check': 'Selbsttest',
  'about': 'Über',
  'refuse_title': 'Diese App kann nicht laufen',
  'pick': 'Bilder auswählen',
  'photograph': 'Bild aufnehmen',
  'csv': 'Als CSV sichern',
  'clear': 'Leeren',
  'saved': 'Gesichert: {0}',
  'copied': 'In die Zwischenablage kopiert',
  'gallery_empty': 'Noch keine Bilder.',
  'pictures': '{0} Bilder',
  'tally': '{0} von {1} richtig = {2} % (95-%-Bereich {3} bis {4} %)',
  'tally_how': 'Für eine Auszählung die wahren Klassen angeben.',
  'answer_unsure': 'Nicht sicher: {0}',
  'refer': 'Fachperson fragen',
  'refer_possibly': 'möglicherweise {0} ({1})',
  'right_mark': '✓ richtig',
  'wrong_mark': '✗ falsch',
  'truth_is': 'Wirklich: {0}',
  'truth_unknown': 'Was ist es wirklich?',
  'seen_by_model': '{0}, wie das Modell es sieht',
  'check_what': 'Sieht und antwortet dieses Gerät genau so wie der Rechner, der die App gemacht hat?',
  'check_passed': '✓ Dieses Gerät antwortet wie der Rechner.',
  'check_failed': '✗ Dieses Gerät antwortet nicht wie der Rechner. Trauen Sie seinen Antworten nicht, und schicken Sie diesen Bericht an die Ersteller der App.',
  'check_again': 'Noch einmal prüfen',
  'copy_record': 'Bericht kopieren',
  'check_pixels_details': 'Bildpunkte: {0} von {1} Proben bestanden; {2} Bytes weichen ab; JPEG-Dekoder auf {3} Stufen genau',
  'check_model_right': 'Das Modell ist das eingepackte.',
  'check_model_wrong': 'Das Modell ist nicht das eingepackte.',
  'check_no_pictures': 'Die App kam ohne zurückgehaltene Bilder; es gab nichts zu vergleichen.',
  'check_picture': 'Zurückgehaltenes Bild von „{0}“',
  'check_computer': 'Rechner: {0}',
  'check_here': 'Dieses Gerät: {0} (Abweichung {1})',
  'check_same_input': 'Das Modell bekam genau dieselben Bytes.',
  'check_other_input': 'Dieses Gerät liest die Datei ein wenig anders.',
  'about_model': 'Modell',
  'about_author': 'Urheber',
  'about_license': 'Lizenz',
  'about_classes': 'Klassen',
  'about_hash': 'SHA-256 des Modells',
  'about_runtime': 'Laufzeit',
  'about_version': 'Fassung der App',
  'no_card': 'Die App kam ohne Modellkarte.',
  'software': 'Arbeitet ohne Netz und verschickt nichts. Gemacht mit handlens (Apache License 2.0).',
  'problem_bundle': 'Dateien dieser App sind beschädigt oder fehlen. Bitte neu installieren.',
  'problem_newer': 'Das Modell dieser App braucht eine neuere Fassung der App. Bitte mit derselben Fassung von handlens neu packen.',
  'problem_input': 'Das Modell nimmt keine Bilder der Größe, die seine Beschreibung nennt. Bitte neu packen.',
  'problem_labels': 'Die Namen im Modell und in den Dateien der App sind nicht dieselben. Ihre Antworten trügen falsche Namen; deshalb startet die App nicht. Bitte neu packen.',
  'problem_not_a_picture': 'Kein Bild, das dieses Gerät lesen kann.',
  'problem_unreadable': 'Die Datei lässt sich nicht lesen.',
  'problem_too_large': 'Das Bild ist zu groß für den Speicher dieses Geräts.',
  'problem_write': '{0} lässt sich nicht schreiben.',
};
