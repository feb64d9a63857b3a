// Camera frames with their answers, for the two screens that have a camera. Frames that come while one is
// classified are dropped by the camera.
import CoreGraphics
import Foundation

final class Live: ObservableObject {
    struct Shown {
        let image: CGImage
        let width: Int
        let height: Int
        let mirrored: Bool
        let answer: Answer
        let hint: String?
    }

    @Published var shown: Shown?
    @Published var problem: String?
    @Published var paused = false
    @Published var torch = false

    let feed = CameraFeed()
    private let engine: Engine
    private let hints = Hints()

    init(engine: Engine) {
        self.engine = engine
        feed.onFrame = { [weak self] picture, mirrored in self?.take(picture, mirrored) }
        feed.onProblem = { [weak self] key in self?.problem = key }
    }

    private func take(_ picture: Picture, _ mirrored: Bool) {
        guard !paused else { return }
        guard let answer = try? engine.classify(picture), let image = picture.image() else {
            DispatchQueue.main.async { self.problem = "problem_classify" }
            return
        }
        let hint = hints.of(answer, sure: engine.sure(answer), at: ProcessInfo.processInfo.systemUptime)
        let next = Shown(
            image: image, width: picture.width, height: picture.height, mirrored: mirrored, answer: answer, hint: hint)
        DispatchQueue.main.async {
            if !self.paused { self.shown = next }
        }
    }

    func start() {
        problem = nil
        feed.start()
    }

    func stop() {
        feed.stop()
        torch = false
    }

    func swap() {
        torch = false
        shown = nil
        feed.swap()
    }

    func toggleTorch() {
        if feed.setTorch(!torch) {
            torch.toggle()
        } else {
            problem = "no_torch"
        }
    }
}
