#!/usr/bin/env python3
"""The one table of words (apps/words, one file a language) for every app: writes Android's resources from it, and checks it.

    python3 tools/words.py            writes apps/android/res/values*/words.xml
    python3 tools/words.py --check    exit status 1 when they are not what the table says, or the table contradicts itself

Every language has every key, with the placeholders of English.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE, RESOURCES = ROOT / "apps/words", ROOT / "apps/android/res"
MACHINE_MADE = ("ar", "es", "fr", "hi", "pt", "zh")   # translated by a machine; no speaker has read them yet
PLACEHOLDER = re.compile(r"\{(\w+)\}")

# Android's name, the table's key, how placeholders are printed where not as texts, and "plural" where one and many differ.
ANDROID = """
camera tabCamera
gallery tabGallery
more tabMore
field_test tabField
self_check tabCheck
about tabAbout
navigation navigation
share share
working working
try_again tryAgain
camera_picture cameraPicture
torch_on cameraTorchOn
torch_off cameraTorchOff
no_torch cameraNoTorch
swap cameraFlip
pause cameraShutter
save_picture cameraSave
picture_saved cameraSaved
go_on cameraResume
camera_why cameraWhy
camera_refused cameraRefusedApp
allow_camera allowCamera
open_settings openSettings
no_camera cameraNoneApp
camera_busy cameraBusy
choose_pictures galleryChoose
not_sure notSure
perhaps perhaps label
refer refer
refer_possibly referPossibly label percent
confidence confidenceApp
confidence_unsure confidenceUnsure percent label
knows knows
knows_more knowsMore count:d
hint_distance guide_distance
hint_centre guide_place
hint_background guide_background
guide_close guide_close
guide_tilt guide_tilt
guide_rotation guide_rotation
guide_light guide_light
guide_still guide_still
guide_screen guide_screen
guide_from_distance guideFrom_distance number:d
guide_from_place guideFrom_place number:d
guide_from_tilt guideFrom_tilt number:d
guide_from_rotation guideFrom_rotation number:d
hint_dark hintDark
hint_bright hintBright
hint_flat hintFlat
hint_still hintStill
pick galleryChoose
take galleryTake
pick_folder galleryFolder
no_picker noPicker
no_camera_app noCameraApp
gallery_start galleryStart
gallery_empty galleryEmpty
tally tallyApp correct:d n:d share:.0f low:.0f high:.0f
tally_how tallyHow
right_mark rightMark
wrong_mark wrongMark
truth_question truthQuestion
truth_is truthIs
truth_unknown truthUnknown
check_what checkWhat
check_running checkNow
check_passed checkPassed
check_failed checkFailed
verdict_missed verdictMissed passed:d of:d
check_again checkAgain
to_the_app toTheApp
more_field moreField
more_check moreCheck
more_about moreAbout
machine_words moreMachineMade
keep_photos fieldKeep
keep_how fieldKeepHow
keep_full fieldKeepFull count:d
share_photos fieldExportPhotos count:d
why why
why_running whyRunning done:d total:d
why_how whyHow label points:d
why_none whyNone
why_picture whyPicture
stop galleryStop
close close
problem_bundle problemBundle
problem_not_a_picture problemNotAPicture
problem_unreadable problemUnreadable
problem_too_large problemTooLarge
problem_memory problemMemory
check_pixels checkPixels
check_no_pictures checkHoldoutNone
choose_distance fieldDistance
choose_place fieldPlace
choose_background fieldBackground
begin_series fieldStart
end_series fieldEnd
field_none fieldEmpty
clear fieldDelete
distance_fills fieldFills
distance_half fieldHalf
distance_quarter fieldQuarter
pictures pictureCount count:d plural
answer_unsure answerUnsure label percent
seen_by_model seenByModel picture
seen_here seenHere
check_pixels_details checkPixelsApp passed:d total:d bytes:d levels:d
check_model checkModel
check_model_right checkModelRight
check_model_wrong checkModelWrong
check_delegate checkFast
delegate_used fastUsed
delegate_disagrees fastDisagrees
delegate_missing fastMissing
check_picture checkPictureOf label
check_computer checkComputerSays label score:.4f
check_builtin checkPhoneSays label score:.4f difference:.6f
check_xnnpack checkFastSays label score:.4f difference:.6f
check_same_input checkSameInput
check_other_input checkOtherInput
field_what fieldWhat
choose_label chooseLabel
choose_count chooseCount
check_first checkFirst
shoot shoot
field_step fieldStep k:d n:d label distance place background
place_centre placeCentre
place_edge placeEdge
background_usual backgroundUsual
background_plain backgroundPlain
background_busy backgroundBusy
all_shots allShots
clear_question clearQuestion
facts facts name model version type size:d runtime kernels hash
path_xnnpack pathFast
path_builtin pathPlain
no_card noCard
software softwareApp
problem_newer problemNewer
problem_model problemModel step:d
problem_no_delegate problemNoDelegate
problem_input problemInput size:d
problem_type problemType input:d output:d
problem_labels problemLabels outputs:d labels:d
problem_processor problemProcessor
problem_classify problemClassify
problem_share problemShare
problem_save problemSave
"""


def read():
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(TABLE.glob("*.json"))}


def contradictions(table):
    english = table["en"]
    for language, words in table.items():
        for key, text in words.items():
            if key not in english:
                yield f"apps/words/{language}.json: {key} is not in en.json"
            elif set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english[key])):
                yield f"apps/words/{language}.json: {key} has other placeholders than en.json"
        for key in english.keys() - words.keys():
            yield f"apps/words/{language}.json: {key} is missing"


def escaped(text, places):
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"').replace("\n", "\\n")
    names = [place.split(":")[0] for place in places] or list(dict.fromkeys(PLACEHOLDER.findall(text)))
    if not names:
        return text
    kinds = dict(place.split(":") for place in places if ":" in place)
    return PLACEHOLDER.sub(lambda m: f"%{names.index(m.group(1)) + 1}${kinds.get(m.group(1), 's')}", text.replace("%", "%%"))


def resources(language, words):
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<!-- Written by tools/words.py from apps/words; do not edit. -->", "<resources>",
             f'    <bool name="machine_made">{str(language in MACHINE_MADE).lower()}</bool>']
    for row in ANDROID.strip().splitlines():
        name, key, *places = row.split()
        one, many = words[key].split("|")[0], words[key].split("|")[-1]
        if places[-1:] != ["plural"]:
            lines.append(f'    <string name="{name}">{escaped(many, places)}</string>')
            continue
        items = "".join(f'<item quantity="{which}">{escaped(text, places[:-1])}</item>' for which, text in (("one", one), ("other", many)))
        lines.append(f'    <plurals name="{name}">{items}</plurals>')
    return "\n".join(lines + ["</resources>", ""])


def main():
    table = read()
    found = list(contradictions(table))
    for language, words in table.items():
        path = RESOURCES / ("values" if language == "en" else f"values-{language}") / "words.xml"
        text = resources(language, words)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(f"{path.relative_to(ROOT)} is not what apps/words says; run tools/words.py")
    for line in found:
        print(line)
    if not found:
        print(f"words: {len(table)} languages, {len(table['en'])} keys, Android's resources as the table says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
