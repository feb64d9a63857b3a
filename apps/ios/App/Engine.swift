// The model, run by the C inference that is compiled into the app. Safe to call from any thread.
import Foundation

/// What the model answered for one picture.
struct Answer {
    let scores: [Float]
    let milliseconds: Double
    let seen: Picture

    /// Classes by falling score; of equals the first.
    var order: [Int] {
        scores.indices.sorted { a, b in scores[a] > scores[b] || (scores[a] == scores[b] && a < b) }
    }
    var best: Int { order[0] }
    var top: Double { Double(scores[best]) }
}

final class Engine {
    static let runtime = "handlens C inference"

    let spec: Spec
    private let arena: UnsafeMutableRawPointer
    private let lock = NSLock()

    /// Fails when the model in the code and the files of the app are not of one packing.
    init() throws {
        spec = try Spec.read()
        guard spec.side == Int(handlens_ffi_side()) else { throw Problem("problem_input") }
        let count = Int(handlens_ffi_classes())
        let names = (0..<count).map { index in handlens_ffi_label(Int32(index)).map { String(cString: $0) } ?? "" }
        guard names == spec.labels else { throw Problem("problem_labels") }
        arena = UnsafeMutableRawPointer.allocate(byteCount: max(16, Int(handlens_ffi_arena_bytes())), alignment: 16)
    }

    deinit {
        arena.deallocate()
    }

    /// Whether the code was made of the very model file that app.json names.
    var modelIntact: Bool {
        handlens_ffi_model_sha256().map { String(cString: $0) } == spec.modelSha256
    }

    func classify(_ picture: Picture) throws -> Answer {
        try run(picture.fitted(side: spec.side, fit: spec.fit))
    }

    private func run(_ seen: Picture) throws -> Answer {
        lock.lock()
        defer { lock.unlock() }
        var scores = [Float](repeating: 0, count: spec.labels.count)
        let begun = DispatchTime.now().uptimeNanoseconds
        let status = handlens_ffi_classify(seen.rgb, arena, &scores)
        let milliseconds = Double(DispatchTime.now().uptimeNanoseconds - begun) / 1e6
        guard status == 0 else { throw Problem("problem_classify") }
        return Answer(scores: scores, milliseconds: milliseconds, seen: seen)
    }

    func label(_ answer: Answer) -> String {
        spec.labels[answer.best]
    }

    func sure(_ answer: Answer) -> Bool {
        answer.top >= spec.notSureBelow
    }

    /// "perhaps oak or beech"; empty where no class is possible, or so many that they would be no answer.
    func perhaps(_ answer: Answer) -> String {
        let from = spec.preprocess.answering?.sets?.from
        let possible = from.map { from in answer.order.filter { Double(answer.scores[$0]) >= from } } ?? [answer.best]
        guard let last = possible.last, possible.count <= 3 else { return "" }
        let others = possible.dropLast().map { spec.labels[$0] }.joined(separator: ", ")
        return t("perhaps", others.isEmpty ? spec.labels[last] : t("or", others, spec.labels[last]))
    }

    /// "possibly melanoma (31 %)" where the class that must not be missed scores so high that no class is to be named.
    func referral(_ answer: Answer) -> String? {
        guard let refer = spec.preprocess.refer, Double(answer.scores[refer.index]) >= refer.from else { return nil }
        return t("refer_possibly", spec.labels[refer.index], percent(Double(answer.scores[refer.index])))
    }
}
