// Proves on this very phone that the app sees and scores as the computer did: golden vectors, then the held-out pictures
// that came with the app.
import CryptoKit
import Foundation

struct SelfCheck {
    /// A phone whose JPEG decoder gives other bytes must still give the same label, with scores this close.
    static let otherDecoderTolerance = 0.05

    /// One held-out picture.
    struct Row: Identifiable {
        let id: Int
        let held: CheckFile.Held
        let sameInput: Bool
        let here: [Float]
        let right: Bool
        let difference: Double
        let answer: Answer
    }

    let golden: Golden
    let modelIntact: Bool
    let file: CheckFile
    let rows: [Row]

    var passed: Bool {
        golden.passed && modelIntact && rows.allSatisfy { $0.right }
    }

    /// Takes seconds: call it on a background queue.
    static func run(engine: Engine) throws -> SelfCheck {
        let file: CheckFile = try Files.json("bundle/check/check.json")
        let rows = try file.pictures.enumerated().map { index, held in try row(index, held, file.tolerance, engine) }
        return SelfCheck(golden: try Golden.run(), modelIntact: engine.modelIntact, file: file, rows: rows)
    }

    private static func row(_ index: Int, _ held: CheckFile.Held, _ tolerance: Double, _ engine: Engine) throws -> Row {
        let answer = try engine.classify(try Picture(file: try Files.data("bundle/check/" + held.file)))
        let same = hex(SHA256.hash(data: Data(answer.seen.rgb))) == held.inputSha256
        let limit = same ? tolerance : otherDecoderTolerance
        let right = (same || !held.lossless) && agree(answer.scores, held.scores, limit)
        return Row(
            id: index, held: held, sameInput: same, here: answer.scores, right: right,
            difference: largestDifference(answer.scores, held.scores), answer: answer)
    }

    private static func hex(_ hash: SHA256.Digest) -> String {
        hash.map { String(format: "%02x", $0) }.joined()
    }

    static func best(_ scores: [Float]) -> Int {
        scores.indices.max { a, b in scores[a] < scores[b] || (scores[a] == scores[b] && a > b) } ?? 0
    }

    /// All scores within the limit, and the same label unless the computer's are a tie by as little.
    static func agree(_ here: [Float], _ computer: [Float], _ limit: Double) -> Bool {
        guard here.count == computer.count, largestDifference(here, computer) <= limit else { return false }
        let a = best(here)
        let b = best(computer)
        return a == b || abs(Double(computer[a]) - Double(computer[b])) <= limit
    }

    /// Not a number when a score is none, which is within no limit.
    static func largestDifference(_ a: [Float], _ b: [Float]) -> Double {
        guard a.count == b.count, !(a + b).contains(where: { $0.isNaN }) else { return Double.nan }
        return zip(a, b).map { abs(Double($0) - Double($1)) }.max() ?? 0
    }
}

/// The state of the check, for the screens.
final class CheckModel: ObservableObject {
    @Published var result: SelfCheck?
    @Published var running = false
    @Published var problem: String?

    let engine: Engine
    private let key: String

    init(engine: Engine) {
        self.engine = engine
        key = "checked-" + engine.spec.modelSha256
    }

    var wasRunBefore: Bool { UserDefaults.standard.bool(forKey: key) }
    var passed: Bool { result?.passed == true }

    func run() {
        guard !running else { return }
        running = true
        problem = nil
        DispatchQueue.global(qos: .userInitiated).async {
            let outcome = Result { try SelfCheck.run(engine: self.engine) }
            DispatchQueue.main.async { self.take(outcome) }
        }
    }

    private func take(_ outcome: Result<SelfCheck, Error>) {
        running = false
        switch outcome {
        case .success(let check):
            result = check
            UserDefaults.standard.set(true, forKey: key)
        case .failure(let error):
            result = nil
            problem = text(of: error)
        }
    }
}
