// The shots of the field test, kept in a file so that nothing is lost when the app is closed.
import Foundation

struct Shot: Codable {
    let series: Int  // from 1
    let at: String
    let camera: String
    let label: String
    let distance: String
    let place: String
    let background: String
    let predicted: String
    let notSure: Bool
    let scores: [Float]
    let milliseconds: Double

    enum CodingKeys: String, CodingKey {
        case series, at, camera, label, distance, place, background, predicted, scores, milliseconds
        case notSure = "not_sure"
    }
}

final class FieldLog: ObservableObject {
    static let distances = ["fills", "half", "quarter"]
    static let places = ["centre", "edge"]
    static let backgrounds = ["usual", "plain", "busy"]

    @Published private(set) var shots: [Shot] = []
    private let url: URL

    /// Shots of another model are not mixed in: the file's name carries the model's hash.
    init(spec: Spec) {
        let folders = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)
        let folder = folders.first ?? FileManager.default.temporaryDirectory
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        url = folder.appendingPathComponent("field-test-\(spec.modelSha256.prefix(16)).json")
        if let data = try? Data(contentsOf: url), let kept = try? JSONDecoder().decode([Shot].self, from: data) { shots = kept }
    }

    var nextSeries: Int { (shots.last?.series ?? 0) + 1 }

    /// False when it could not be saved; the shot is not taken then.
    func add(_ shot: Shot) -> Bool {
        keep(shots + [shot])
    }

    func removeLast() {
        if !shots.isEmpty { _ = keep(Array(shots.dropLast())) }
    }

    func clear() {
        _ = keep([])
    }

    private func keep(_ next: [Shot]) -> Bool {
        guard let data = try? JSONEncoder().encode(next), (try? data.write(to: url, options: .atomic)) != nil else { return false }
        shots = next
        return true
    }

    var tally: Tally {
        var tally = Tally()
        for shot in shots { tally.add(shot.label == shot.predicted) }
        return tally
    }
}
