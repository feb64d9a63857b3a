// Pictures from files, their answers and true classes.
import CoreGraphics
import Foundation

struct GalleryItem: Identifiable {
    let id = UUID()
    let name: String
    let answer: Answer?
    let image: CGImage?
    let problem: String
    var truth: Int?
}

final class GalleryModel: ObservableObject {
    @Published var items: [GalleryItem] = []
    @Published var working = false

    private let engine: Engine
    private let queue = DispatchQueue(label: "handlens.gallery")

    init(engine: Engine) {
        self.engine = engine
    }

    /// `read` is called on a background queue, one picture after another. `folder`: the name of the folder that holds the
    /// picture; it is the true class when it is called as one.
    func add(name: String, folder: String, read: @escaping () throws -> Data) {
        working = true
        let truth = engine.spec.labels.firstIndex(of: folder)
        queue.async {
            let item = self.classified(name: name, truth: truth, read: read)
            DispatchQueue.main.async { self.items.append(item) }
        }
    }

    func endOfBatch() {
        queue.async { DispatchQueue.main.async { self.working = false } }
    }

    private func classified(name: String, truth: Int?, read: () throws -> Data) -> GalleryItem {
        do {
            let answer = try engine.classify(try Picture(file: try read()))
            return GalleryItem(name: name, answer: answer, image: answer.seen.image(), problem: "", truth: truth)
        } catch {
            return GalleryItem(name: name, answer: nil, image: nil, problem: text(of: error), truth: truth)
        }
    }

    /// Files, and the pictures in folders. What lies outside the app's own files needs a permission that ends with `done`.
    func add(urls: [URL]) {
        for url in urls {
            let scoped = url.startAccessingSecurityScopedResource()
            for file in GalleryModel.files(at: url) {
                add(name: file.lastPathComponent, folder: file.deletingLastPathComponent().lastPathComponent) { try Data(contentsOf: file) }
            }
            queue.async { if scoped { url.stopAccessingSecurityScopedResource() } }
        }
        endOfBatch()
    }

    private static func files(at url: URL) -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else { return [url] }
        let all = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.isRegularFileKey])?.allObjects as? [URL] ?? []
        let files = all.filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true }
        return files.filter { !$0.lastPathComponent.hasPrefix(".") }.sorted { $0.path < $1.path }
    }

    var tally: Tally {
        var tally = Tally()
        for item in items {
            if let answer = item.answer, let truth = item.truth { tally.add(truth == answer.best) }
        }
        return tally
    }

    var csv: String {
        let labels = engine.spec.labels
        var text = Csv.line(["picture", "label", "predicted", "milliseconds", "problem"] + labels.map(Csv.cell))
        for item in items {
            let truth = item.truth.map { Csv.cell(labels[$0]) } ?? ""
            let head = [Csv.cell(item.name), truth]
            if let answer = item.answer {
                let time = String(format: "%.2f", locale: Locale(identifier: "en_US_POSIX"), answer.milliseconds)
                text += Csv.line(head + [Csv.cell(engine.label(answer)), time, ""] + answer.scores.map { "\($0)" })
            } else {
                text += Csv.line(head + ["", "", Csv.cell(item.problem)] + labels.map { _ in "" })
            }
        }
        return text
    }
}
