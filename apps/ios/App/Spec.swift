// What stands in the bundle of the app: app.json and check/check.json (docs/formats-app.md of handlens).
import Foundation

struct Spec {
    let name: String
    let modelFile: String
    let modelSha256: String
    let inputType: String
    let preprocess: Preprocess

    struct Preprocess: Decodable {
        let pixelContract: Int
        let sizePx: Int
        let fit: String
        let labels: [String]
        let notSureBelow: Double?
        let answering: Answering?
        let refer: Refer?
        let notice: String?
        let modelVersion: String?
        let author: String?
        let license: String?
    }

    /// Classes that score `sets.from` or more may be the right one.
    struct Answering: Decodable {
        let sets: LabelSets?

        struct LabelSets: Decodable {
            let from: Double
        }
    }

    /// A class that must not be missed: where it scores `from` or more, no class is to be named.
    struct Refer: Decodable {
        let index: Int
        let from: Double

        private enum CodingKeys: String, CodingKey {
            case index = "class"
            case from
        }
    }

    private struct File: Decodable {
        let format: String
        let version: Int
        let name: String
        let modelFile: String
        let modelSha256: String
        let inputType: String
        let preprocess: Preprocess
    }

    var labels: [String] { preprocess.labels }
    var side: Int { preprocess.sizePx }
    var notSureBelow: Double { preprocess.notSureBelow ?? 0 }

    /// HL_FIT_* of pixels.h.
    var fit: Int32 {
        switch preprocess.fit {
        case "stretch": return 1
        case "letterbox": return 2
        default: return 0
        }
    }

    static func read() throws -> Spec {
        let file: File = try Files.json("bundle/app.json")
        guard file.format == "handlens-app" else { throw Problem("problem_bundle") }
        guard file.version == 1, file.preprocess.pixelContract == 1 else { throw Problem("problem_newer") }
        guard ["crop", "stretch", "letterbox"].contains(file.preprocess.fit) else { throw Problem("problem_bundle") }
        if let refer = file.preprocess.refer, !file.preprocess.labels.indices.contains(refer.index) { throw Problem("problem_bundle") }
        return Spec(
            name: file.name, modelFile: file.modelFile, modelSha256: file.modelSha256, inputType: file.inputType,
            preprocess: file.preprocess)
    }
}

/// The held-out pictures and the computer's scores.
struct CheckFile: Decodable {
    let version: Int
    let runtime: String
    let tolerance: Double
    let leftOut: Int?
    let pictures: [Held]

    struct Held: Decodable {
        let file: String
        let label: String
        let sha256: String
        let inputSha256: String
        let lossless: Bool
        let scores: [Float]
        let scoresXnnpack: [Float]
    }
}

/// Files that came with the app: the folders `bundle` and `golden`.
enum Files {
    static func data(_ name: String) throws -> Data {
        guard let root = Bundle.main.resourceURL, let data = try? Data(contentsOf: root.appendingPathComponent(name)) else {
            throw Problem("problem_bundle")
        }
        return data
    }

    static func json<Content: Decodable>(_ name: String) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let content = try? decoder.decode(Content.self, from: try data(name)) else { throw Problem("problem_bundle") }
        return content
    }
}
