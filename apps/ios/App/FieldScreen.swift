// The paper's real-time protocol: a class, a distance, a place in the square, a background, n shots. Opens after a green
// self-check.
import SwiftUI

struct FieldScreen: View {
    let engine: Engine
    @ObservedObject var check: CheckModel
    @ObservedObject var log: FieldLog
    @StateObject private var live: Live
    @State private var label = 0
    @State private var distance = FieldLog.distances[0]
    @State private var place = FieldLog.places[0]
    @State private var background = FieldLog.backgrounds[0]
    @State private var wanted = 5
    @State private var taken = 0
    @State private var series = 0
    @State private var shooting = false
    @State private var last = ""
    @State private var asksToClear = false
    @State private var shared: SharedFile?

    init(engine: Engine, check: CheckModel, log: FieldLog) {
        self.engine = engine
        self.check = check
        self.log = log
        _live = StateObject(wrappedValue: Live(engine: engine))
    }

    var body: some View {
        NavigationStack {
            Group {
                if !check.passed {
                    Text(t("check_first")).padding()
                } else if shooting {
                    shootingView
                } else {
                    form
                }
            }
            .navigationTitle(t("field_test"))
            .toolbar {
                Button(t("share")) { share() }.disabled(log.shots.isEmpty)
            }
        }
        .onDisappear { end() }
        .sheet(item: $shared) { file in ShareSheet(file: file) }
        .confirmationDialog(t("clear_question"), isPresented: $asksToClear, titleVisibility: .visible) {
            Button(t("clear"), role: .destructive) { log.clear() }
        }
    }

    private var form: some View {
        Form {
            Section {
                Text(t("field_what"))
                Picker(t("choose_label"), selection: $label) {
                    ForEach(engine.spec.labels.indices, id: \.self) { index in Text(verbatim: engine.spec.labels[index]).tag(index) }
                }
                choice("choose_distance", FieldLog.distances, $distance)
                choice("choose_place", FieldLog.places, $place)
                choice("choose_background", FieldLog.backgrounds, $background)
                Stepper(t("choose_count", wanted), value: $wanted, in: 1...100)
                Button(t("begin_series")) { begin() }
            }
            Section {
                Text(log.shots.isEmpty ? t("field_none") : log.tally.text)
                if !log.shots.isEmpty { Button(t("clear"), role: .destructive) { asksToClear = true } }
            }
        }
    }

    private func choice(_ title: String, _ values: [String], _ selection: Binding<String>) -> some View {
        Picker(t(title), selection: selection) {
            ForEach(values, id: \.self) { value in Text(t("field_" + value)).tag(value) }
        }
    }

    private var shootingView: some View {
        VStack(spacing: 12) {
            FrameView(live: live, fit: engine.spec.preprocess.fit).accessibilityLabel(t("camera_picture"))
            if let problem = live.problem { ProblemText(key: problem) }
            Text(t("field_step", taken + 1, wanted, engine.spec.labels[label], t("field_" + distance), t("field_" + place), t("field_" + background)))
            Text(last).bold()
            HStack(spacing: 24) {
                Button(t("undo")) { undo() }.disabled(taken == 0)
                Button(t("shoot")) { shoot() }.buttonStyle(.borderedProminent).disabled(live.shown == nil)
                Button(t("end_series")) { end() }
            }
        }
        .padding()
    }

    private func begin() {
        series = log.nextSeries
        taken = 0
        last = ""
        shooting = true
        live.start()
    }

    private func end() {
        shooting = false
        live.stop()
    }

    private func undo() {
        log.removeLast()
        taken -= 1
        last = ""
    }

    private func shoot() {
        guard let shown = live.shown else { return }
        let answer = shown.answer
        let shot = Shot(
            series: series, at: PhoneRecord.now(), camera: live.feed.side, label: engine.spec.labels[label], distance: distance,
            place: place, background: background, predicted: engine.label(answer), notSure: !engine.sure(answer),
            scores: answer.scores, milliseconds: answer.milliseconds)
        guard log.add(shot) else {
            live.problem = "problem_save"
            return
        }
        taken += 1
        last = t(shot.label == shot.predicted ? "shot_right" : "shot_wrong", shot.predicted, percent(answer.top))
        if taken >= wanted { end() }
    }

    private func share() {
        guard let data = PhoneRecord.fieldTest(log.shots, engine: engine) else { return }
        shared = SharedFile(name: "handlens-field-test.json", data: data)
    }
}
