// The self-check: green or red, and what was compared.
import SwiftUI

struct CheckScreen: View {
    @ObservedObject var check: CheckModel
    @State private var shared: SharedFile?

    var body: some View {
        NavigationStack {
            List {
                Section {
                    Text(t("check_what"))
                    if check.running { ProgressView(t("check_running")) }
                    if let problem = check.problem { Text(problem).foregroundColor(.red) }
                    if let result = check.result { headline(result) }
                }
                if let result = check.result {
                    Section {
                        facts(result)
                    }
                    Section {
                        ForEach(result.rows) { row in CheckRow(engine: check.engine, row: row) }
                    }
                }
            }
            .navigationTitle(t("self_check"))
            .toolbar {
                Button(t("share")) { share() }.disabled(check.result == nil)
                Button(t("check_again")) { check.run() }.disabled(check.running)
            }
        }
        .sheet(item: $shared) { file in ShareSheet(file: file) }
    }

    private func headline(_ result: SelfCheck) -> some View {
        Text(t(result.passed ? "check_passed" : "check_failed"))
            .bold()
            .foregroundColor(result.passed ? .green : .red)
    }

    @ViewBuilder
    private func facts(_ result: SelfCheck) -> some View {
        let golden = result.golden
        Fact(name: t("check_pixels"), value: t("check_pixels_details", golden.equal + golden.withinBound, golden.count, Int(golden.differingBytes), golden.largestDifference))
        Fact(name: t("check_model"), value: t(result.modelIntact ? "check_model_right" : "check_model_wrong"))
        if result.rows.isEmpty { Text(t("check_no_pictures")) }
    }

    private func share() {
        guard let result = check.result, let data = PhoneRecord.selfCheck(result, engine: check.engine) else { return }
        shared = SharedFile(name: "handlens-self-check.json", data: data)
    }
}

struct Fact: View {
    let name: String
    let value: String

    var body: some View {
        VStack(alignment: .leading) {
            Text(name).font(.footnote).foregroundColor(.secondary)
            Text(verbatim: value)
        }
    }
}

struct CheckRow: View {
    let engine: Engine
    let row: SelfCheck.Row

    var body: some View {
        HStack(alignment: .top) {
            if let image = row.answer.seen.image() {
                Image(image, scale: 1, label: Text(t("check_picture", row.held.label)))
                    .resizable()
                    .interpolation(.none)
                    .frame(width: 56, height: 56)
            }
            VStack(alignment: .leading) {
                Text(t("check_picture", row.held.label))
                Text(t("check_computer", name(row.held.scores), top(row.held.scores)))
                Text(t("check_here", name(row.here), top(row.here), row.difference)).foregroundColor(row.right ? .green : .red)
                Text(t(row.sameInput ? "check_same_input" : "check_other_input"))
            }
            .font(.footnote)
        }
    }

    private func name(_ scores: [Float]) -> String {
        engine.spec.labels[SelfCheck.best(scores)]
    }

    private func top(_ scores: [Float]) -> Double {
        Double(scores[SelfCheck.best(scores)])
    }
}
